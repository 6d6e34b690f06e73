"""The attention view as one matrix product (paper 3.2.1)."""

from typing import Any

import torch
from torch import Tensor

from lkca_mm.ops.kernel import fit_kernel


def _sum_diagonals(matrix: Tensor) -> Tensor:
    """Sums each diagonal of square matrices.

    Args:
        matrix: Matrices of shape (..., n, n).

    Returns:
        Sums of shape (..., 2n-1), the diagonal q - p = 1 - n first.
    """
    size = matrix.shape[-1]
    if size == 1:
        return matrix.squeeze(-2)
    # Written with rows of 2n-2 and read with rows of 2n-1, each row of the matrix
    # moves one place, and its diagonals become columns.
    skewed = matrix.new_zeros(*matrix.shape[:-2], size * (2 * size - 1))
    rows = skewed.narrow(-1, size - 1, size * (2 * size - 2)).unflatten(-1, (size, 2 * size - 2))
    rows.narrow(-1, 0, size).copy_(matrix)
    return skewed.unflatten(-1, (size, 2 * size - 1)).sum(-2)


class _ToeplitzMatrix(torch.autograd.Function):
    """All windows of a canvas as rows, with a gradient that sums diagonals.

    PyTorch's own gradient of ``unfold`` comes out wrong under torch.compile in
    PyTorch 2.4, without a word.
    """

    @staticmethod
    def forward(ctx: Any, canvas: Tensor, height: int, width: int) -> Tensor:
        ctx.grid = (height, width)
        # The window at the top left is the last row.
        windows = canvas.unfold(1, height, 1).unfold(2, width, 1).flip(1, 2)
        return windows.reshape(canvas.shape[0], height * width, height * width)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None]:
        height, width = ctx.grid
        blocks = gradient.reshape(gradient.shape[0], height, width, height, width)
        columns = _sum_diagonals(blocks.transpose(2, 3))
        return _sum_diagonals(columns.permute(0, 3, 1, 2)).transpose(1, 2), None, None


def toeplitz_matrix(weight: Tensor, grid: tuple[int, int]) -> Tensor:
    """Builds the doubly-block Toeplitz matrix of the kernels.

    Args:
        weight: Kernels of shape (G, Kh, Kw), Kh and Kw odd.
        grid: The token grid (H, W).

    Returns:
        Matrices of shape (G, H*W, H*W): row p, column q is the tap q - p.
    """
    height, width = grid
    canvas = fit_kernel(weight, (2 * height - 1, 2 * width - 1))
    return _ToeplitzMatrix.apply(canvas, height, width)


def lkca_toeplitz(x: Tensor, weight: Tensor, grid: tuple[int, int]) -> Tensor:
    """Multiplies the tokens by the Toeplitz matrix.

    The whole batch is one product (one a kernel), and so are both gradients.
    See :func:`lkca_mm.ops.lkca` for the shapes.
    """
    batch, num_tokens, channels = x.shape
    groups = weight.shape[0]
    matrix = toeplitz_matrix(weight, grid)
    if groups == 1:
        columns = x.transpose(0, 1).reshape(num_tokens, batch * channels)
        mixed = matrix[0] @ columns
        return mixed.reshape(num_tokens, batch, channels).transpose(0, 1).contiguous()
    columns = x.reshape(batch, num_tokens, groups, channels // groups).permute(2, 1, 0, 3)
    mixed = matrix @ columns.reshape(groups, num_tokens, -1)
    mixed = mixed.reshape(groups, num_tokens, batch, channels // groups).permute(2, 1, 0, 3)
    return mixed.reshape(batch, num_tokens, channels)
