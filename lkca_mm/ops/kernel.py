"""Fitting a kernel to a grid: which taps can reach another token at all."""

from torch import Tensor
from torch.nn import functional as F


def fit_kernel(weight: Tensor, size: tuple[int, int]) -> Tensor:
    """Crops or zero-pads kernels about their centre tap.

    A tap means an offset between two tokens, so the centre stays the centre:
    a smaller size keeps the central taps, a larger one has zeros beyond the
    kernel's reach.

    Args:
        weight: Kernels of shape (G, Kh, Kw), Kh and Kw odd.
        size: The wanted (Kh', Kw'), both odd.

    Returns:
        Kernels of shape (G, Kh', Kw').
    """
    grow_y = (size[0] - weight.shape[1]) // 2
    grow_x = (size[1] - weight.shape[2]) // 2
    if grow_y == 0 and grow_x == 0:
        return weight
    return F.pad(weight, (grow_x, grow_x, grow_y, grow_y))


def reachable_size(kernel_size: tuple[int, int], grid: tuple[int, int]) -> tuple[int, int]:
    """Returns the size (at most 2H-1, 2W-1) of the taps that act within ``grid``."""
    return (min(kernel_size[0], 2 * grid[0] - 1), min(kernel_size[1], 2 * grid[1] - 1))
