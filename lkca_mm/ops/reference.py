"""The operator as the paper defines it, written to be read: the oracle of every test."""

import torch
from torch import Tensor
from torch.nn import functional as F


def attention_matrix(weight: Tensor, grid: tuple[int, int]) -> Tensor:
    """Builds the attention scores by sliding a window over the kernel (paper 3.2.1).

    The kernel is laid on a canvas of (2H-1) x (2W-1) taps, its centre on the
    canvas's centre. An H x W window starts in the bottom-right corner of the
    canvas and ends in the top-left one; each stop, flattened, is one row.

    Args:
        weight: Kernels of shape (G, Kh, Kw).
        grid: The token grid (H, W).

    Returns:
        Scores of shape (G, H*W, H*W): row p, column q is the weight that the
        token at p gives to the token at q.
    """
    height, width = grid
    kernel_height, kernel_width = weight.shape[1:]
    # A larger kernel has a larger canvas; the windows then stay near its centre.
    canvas_height = max(2 * height - 1, kernel_height)
    canvas_width = max(2 * width - 1, kernel_width)
    top = (canvas_height - kernel_height) // 2
    left = (canvas_width - kernel_width) // 2
    canvas = F.pad(weight, (left, left, top, top))
    centre_y, centre_x = canvas_height // 2, canvas_width // 2

    rows = []
    for y in range(height):
        for x in range(width):
            start_y, start_x = centre_y - y, centre_x - x
            window = canvas[:, start_y : start_y + height, start_x : start_x + width]
            rows.append(window.reshape(weight.shape[0], height * width))
    return torch.stack(rows, dim=1)


def lkca_reference(x: Tensor, weight: Tensor, grid: tuple[int, int]) -> Tensor:
    """Applies the attention scores to the tokens (paper 3.2.1, Listing 1.1).

    Slow and hungry on purpose. See :func:`lkca_mm.ops.lkca` for the shapes.
    """
    batch, num_tokens, channels = x.shape
    groups = weight.shape[0]
    scores = attention_matrix(weight, grid)
    values = x.reshape(batch, num_tokens, groups, channels // groups)
    mixed = torch.einsum('gpq,bqgc->bpgc', scores, values)
    return mixed.reshape(batch, num_tokens, channels)
