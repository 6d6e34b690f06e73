"""The cost rule behind ``backend='auto'``.

A backend's cost is its number of multiply-adds for one image and one channel,
times how many times slower than a large matrix product the device runs them:

=========  ==========================================  ===========================
backend    multiply-adds a channel                     counted as slow as
=========  ==========================================  ===========================
toeplitz   N^2, plus N^2 G / C to build the matrix     a matrix product (1)
conv       Kh Kw N, taps that reach a token only       ``DeviceSpeed.conv``
fft        2 S log2(S), S the transform's area         ``DeviceSpeed.fft``
=========  ==========================================  ===========================

The rule knows nothing of the batch: one model takes one path for every batch,
and an exported graph with a dynamic batch is the graph that was measured. The
Toeplitz matrix must also fit ``MATRIX_LIMIT``.

The factors were measured with ``python tools/benchmark.py op``; they need only
be right within the gaps between the backends, which are large.
"""

import math
from dataclasses import dataclass

from lkca_mm.ops.fourier import transform_size

# Bytes that the Toeplitz matrices of one layer may take: 256 MiB hold 8,192
# tokens in fp32, a grid of 90 x 90. Above, `auto` leaves the matrix view.
MATRIX_LIMIT = 256 * 2**20


@dataclass(frozen=True)
class DeviceSpeed:
    """How many times slower than a matrix product a multiply-add runs."""

    conv: float
    fft: float


DEVICE_SPEED = {'cpu': DeviceSpeed(conv=10.0, fft=25.0), 'cuda': DeviceSpeed(conv=40.0, fft=200.0)}


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
        Multiply-adds of one forward pass; building a Toeplitz matrix counts one
        for each element.
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
    slowness = {'toeplitz': 1.0, 'conv': speed.conv, 'fft': speed.fft}
    if groups * (grid[0] * grid[1]) ** 2 * element_size > MATRIX_LIMIT:
        del slowness['toeplitz']
    # A plain loop: torch.compile before 2.5 cannot trace min() with a key.
    cheapest, lowest = '', math.inf
    for name, factor in slowness.items():
        cost = factor * multiply_adds(name, kernel_size, grid, groups, channels)
        if cost < lowest:
            cheapest, lowest = name, cost
    return cheapest
