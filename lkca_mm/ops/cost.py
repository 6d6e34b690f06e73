"""The cost rule behind ``backend='auto'``.

A backend's cost is its number of multiply-adds for one image, times how many
times slower than those of a large matrix product the device runs them:

=========  ============================================  =======================
backend    multiply-adds                                 slower by
=========  ============================================  =======================
toeplitz   N^2 C for the product                         1
           N^2 G elements of the matrices, made anew     ``DeviceSpeed.matrix``
hybrid     4 F N C for the transforms,                   ``DeviceSpeed.hybrid``,
           4 F W^2 C for the products, F frequencies     more for a small W
           4 F W^2 G elements of the matrices            ``DeviceSpeed.matrix``
conv       Kh Kw N C, taps that reach a token only       ``DeviceSpeed.conv``, times
                                                         ``slow_conv`` beyond its
                                                         fast path
fft        2 S log2(S) C, S the transform's area         ``DeviceSpeed.fft``
=========  ============================================  =======================

The rule knows nothing of the batch: one model takes one path for every batch,
and an exported graph with a dynamic batch is the graph that was measured. It does
tell training from a forward pass alone, for backends differ most in their backward
pass: that of ``conv2d`` takes twenty times as long as its forward pass. The
matrices must also fit ``MATRIX_LIMIT``.

On a CPU that gives the matrix up to about 16 x 16 tokens with full kernels, the
hybrid beyond, the transform for many kernels on large grids, the convolution for
kernels of a few taps. The CPU's factors are fitted to two AVX-512 cores, between what
they measured when the memory was fast and when it was three times slower. Those of
CUDA are estimates that wait to be measured.
"""

import functools
import math
from dataclasses import dataclass

from lkca_mm.ops.fourier import transform_size
from lkca_mm.ops.hybrid import circle_length, num_frequencies
from lkca_mm.ops.kernel import reachable_size
from lkca_mm.ops.modes import is_compiling

# Bytes that the matrices of one layer may take: 256 MiB hold 8,192 tokens in fp32,
# a grid of 90 x 90. Above, `auto` leaves the matrix view.
MATRIX_LIMIT = 256 * 2**20

# Beyond one of these sides, of a kernel or of a grid, convolutions leave their fast path
# backward; beyond both of them forward too.
_FAST_CONV_KERNEL = 13
_FAST_CONV_GRID = 48


@dataclass(frozen=True)
class DeviceSpeed:
    """How many times slower than a large matrix product's a multiply-add runs.

    Attributes:
        matrix: Of making one element of a matrix.
        hybrid: Of the hybrid view's many smaller products, on a wide grid.
        narrow: The width W at which those take twice as long.
        conv: Of depthwise ``conv2d``.
        slow_conv: How many times slower still it is beyond its fast path.
        fft: Of the Fourier transforms.
    """

    matrix: float
    hybrid: float
    narrow: float
    conv: float
    slow_conv: float
    fft: float


# By device and bytes of an element, for forward + backward. A CPU with bf16 products
# runs large ones five times as fast as in fp32, and everything else no faster.
TRAINING_SPEED = {
    ('cpu', 4): DeviceSpeed(50.0, hybrid=1.5, narrow=8.0, conv=2.3, slow_conv=5.0, fft=18.0),
    ('cpu', 2): DeviceSpeed(100.0, hybrid=0.3, narrow=140.0, conv=20.0, slow_conv=3.0, fft=80.0),
    ('cuda', 4): DeviceSpeed(50.0, hybrid=8.0, narrow=32.0, conv=40.0, slow_conv=3.0, fft=200.0),
    ('cuda', 2): DeviceSpeed(50.0, hybrid=8.0, narrow=32.0, conv=40.0, slow_conv=3.0, fft=200.0),
}
# For a forward pass alone.
FORWARD_SPEED = TRAINING_SPEED | {
    ('cpu', 4): DeviceSpeed(50.0, hybrid=2.3, narrow=4.0, conv=0.45, slow_conv=50.0, fft=25.0),
    ('cpu', 2): DeviceSpeed(100.0, hybrid=2.3, narrow=32.0, conv=2.5, slow_conv=50.0, fft=120.0),
}


def _hybrid_elements(kernel_size: tuple[int, int], grid: tuple[int, int]) -> int:
    """Returns the elements of one kernel's matrices in the hybrid view, 4 F W^2."""
    circle = circle_length(grid[0], reachable_size(kernel_size, grid)[0])
    return 4 * num_frequencies(circle) * grid[1] ** 2


def multiply_adds(
    backend: str, kernel_size: tuple[int, int], grid: tuple[int, int], groups: int, channels: int
) -> float:
    """Counts what ``backend`` executes for one image.

    Args:
        backend: ``'toeplitz'``, ``'hybrid'``, ``'conv'``, ``'fft'`` or ``'reference'``.
        kernel_size: (Kh, Kw) of the weight.
        grid: The token grid (H, W).
        groups: Number of kernels G.
        channels: Number of channels C.

    Returns:
        Multiply-adds of one forward pass; a Toeplitz matrix counts one for each
        element that is made.
    """
    num_tokens = grid[0] * grid[1]
    reach = reachable_size(kernel_size, grid)
    if backend == 'hybrid':
        elements = _hybrid_elements(kernel_size, grid)
        transforms = elements // grid[1] ** 2 * num_tokens
        return float((transforms + elements) * channels + elements * groups)
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
    training: bool = True,
) -> str:
    """Picks the cheapest backend by the rule on top of this module.

    Args:
        device: Device type, ``'cpu'`` or ``'cuda'``; others are treated as ``'cuda'``.
        element_size: Bytes of one element.
        kernel_size: (Kh, Kw) of the weight.
        grid: The token grid (H, W).
        groups: Number of kernels G.
        channels: Number of channels C.
        training: Whether a backward pass will follow.

    Returns:
        ``'toeplitz'``, ``'hybrid'``, ``'conv'`` or ``'fft'``.
    """
    shape = (tuple(map(int, kernel_size)), grid, int(groups), int(channels))  # traced: tensors
    arguments = (device, element_size, shape, training)
    # The compiler sees through no cache, and asks once a graph.
    return _choose(*arguments) if is_compiling() else _choose_once(*arguments)


def _choose(device: str, element_size: int, shape: tuple, training: bool) -> str:
    kernel_size, grid, groups, _ = shape
    speeds = TRAINING_SPEED if training else FORWARD_SPEED
    speed = speeds['cpu' if device == 'cpu' else 'cuda', 2 if element_size == 2 else 4]
    elements = {
        'toeplitz': groups * (grid[0] * grid[1]) ** 2,
        'hybrid': groups * _hybrid_elements(kernel_size, grid),
    }
    beyond = (max(kernel_size) > _FAST_CONV_KERNEL, max(grid) > _FAST_CONV_GRID)
    slow_conv = any(beyond) if training else all(beyond)
    slower = {
        'toeplitz': 1.0,
        'hybrid': speed.hybrid * (1 + speed.narrow / grid[1]),
        'conv': speed.conv * (speed.slow_conv if slow_conv else 1),
        'fft': speed.fft,
    }
    # A plain loop: torch.compile before 2.5 cannot trace min() with a key.
    cheapest, lowest = 'fft', math.inf
    for name, factor in slower.items():
        made = elements.get(name, 0)
        if made * element_size > MATRIX_LIMIT:
            continue
        cost = factor * multiply_adds(name, *shape) + speed.matrix * made
        if cost < lowest:
            cheapest, lowest = name, cost
    return cheapest


_choose_once = functools.cache(_choose)
