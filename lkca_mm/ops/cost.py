"""The cost rule behind ``backend='auto'``.

A backend's cost is its number of multiply-adds for one image, times how many
times slower than those of a large matrix product the device runs them:

=========  ============================================  =====================
backend    multiply-adds                                 slower by
=========  ============================================  =====================
toeplitz   N^2 C for the product                         1
           N^2 G elements of the matrices, made anew     ``DeviceSpeed.matrix``
conv       Kh Kw N C, taps that reach a token only       ``DeviceSpeed.conv``
fft        2 S log2(S) C, S the transform's area         ``DeviceSpeed.fft``
=========  ============================================  =====================

The rule knows nothing of the batch: one model takes one path for every batch,
and an exported graph with a dynamic batch is the graph that was measured. The
Toeplitz matrices must also fit ``MATRIX_LIMIT``.

On a CPU that gives the matrix up to about 36 x 36 tokens with full kernels, the
transform beyond and for many kernels, the convolution for kernels of a few taps.
The CPU's factors are medians of forward + backward on two AVX-512 cores; those
of CUDA are estimates that wait to be measured.
"""

import math
from dataclasses import dataclass

from lkca_mm.ops.fourier import transform_size

# Bytes that the Toeplitz matrices of one layer may take: 256 MiB hold 8,192
# tokens in fp32, a grid of 90 x 90. Above, `auto` leaves the matrix view.
MATRIX_LIMIT = 256 * 2**20


@dataclass(frozen=True)
class DeviceSpeed:
    """How many times slower than a matrix product's a multiply-add runs.

    Attributes:
        matrix: Of making one element of a Toeplitz matrix.
        conv: Of depthwise ``conv2d``.
        fft: Of the Fourier transforms.
    """

    matrix: float
    conv: float
    fft: float


DEVICE_SPEED = {
    'cpu': DeviceSpeed(matrix=50.0, conv=5.0, fft=16.0),
    'cuda': DeviceSpeed(matrix=50.0, conv=40.0, fft=200.0),
}


def multiply_adds(
    backend: str, kernel_size: tuple[int, int], grid: tuple[int, int], groups: int, channels: int
) -> float:
    """Counts what ``backend`` executes for one image.

    Args:
        backend: ``'toeplitz'``, ``'conv'``, ``'fft'`` or ``'reference'``.
        kernel_size: (Kh, Kw) of the weight.
        grid: The token grid (H, W).
        groups: Number of kernels G.
        channels: Number of channels C.

    Returns:
        Multiply-adds of one forward pass; a Toeplitz matrix counts one for each
        element that is made.
    """
    num_tokens = grid[0] * grid[1]
    reach = (min(kernel_size[0], 2 * grid[0] - 1), min(kernel_size[1], 2 * grid[1] - 1))
    if backend == 'conv':
        return float(reach[0] * reach[1] * num_tokens * channels)
    if backend == 'fft':
        area = math.prod(transform_size(reach, grid))
        return 2.0 * area * math.log2(max(area, 2)) * channels
    return float(num_tokens**2 * (channels + groups))


def choose_backend(
    device: str,
    element_size: int,
    kernel_size: tuple[int, int],
    grid: tuple[int, int],
    groups: int,
    channels: int,
) -> str:
    """Picks the cheapest backend by the rule on top of this module.

    Args:
        device: Device type, ``'cpu'`` or ``'cuda'``; others are treated as ``'cuda'``.
        element_size: Bytes of one element.
        kernel_size: (Kh, Kw) of the weight.
        grid: The token grid (H, W).
        groups: Number of kernels G.
        channels: Number of channels C.

    Returns:
        ``'toeplitz'``, ``'conv'`` or ``'fft'``.
    """
    speed = DEVICE_SPEED.get(device, DEVICE_SPEED['cuda'])
    shape = (kernel_size, grid, groups, channels)
    elements = groups * (grid[0] * grid[1]) ** 2
    costs = {
        'toeplitz': multiply_adds('toeplitz', *shape) + speed.matrix * elements,
        'conv': speed.conv * multiply_adds('conv', *shape),
        'fft': speed.fft * multiply_adds('fft', *shape),
    }
    if elements * element_size > MATRIX_LIMIT:
        costs['toeplitz'] = math.inf
    # A plain loop: torch.compile before 2.5 cannot trace min() with a key.
    cheapest = 'fft'
    for name, cost in costs.items():
        if cost < costs[cheapest]:
            cheapest = name
    return cheapest
