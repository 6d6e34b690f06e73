"""The attention view as one matrix product (paper 3.2.1)."""

from typing import Any

import torch
from torch import Tensor

from lkca_mm.ops.kernel import fit_kernel
from lkca_mm.ops.tracing import is_tracing


def diagonal_sums(matrix: Tensor) -> Tensor:
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


def _tap_sums(matrix: Tensor, grid: tuple[int, int]) -> Tensor:
    """Sums the elements that stand for one tap: (G, H*W, H*W) to (G, 2H-1, 2W-1)."""
    blocks = matrix.unflatten(1, grid).unflatten(3, grid)
    columns = diagonal_sums(blocks.transpose(2, 3))
    return diagonal_sums(columns.permute(0, 3, 1, 2)).transpose(1, 2)


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
        return _tap_sums(gradient, ctx.grid), None, None


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


class _Product(torch.autograd.Function):
    """The product with one matrix for all, which backward makes anew instead of keeping it."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, grid: tuple[int, int]) -> Tensor:
        ctx.save_for_backward(x, weight)
        ctx.grid = grid
        return multiply(toeplitz_matrix(weight, grid), x)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, Tensor | None, None]:
        x, weight = ctx.saved_tensors
        wants_x, wants_weight, _ = ctx.needs_input_grad
        of_x = of_weight = None
        if wants_x:
            of_x = multiply(toeplitz_matrix(weight, ctx.grid).mT, gradient)
        if wants_weight:
            of_canvas = _tap_sums(_outer(gradient, x)[None], ctx.grid)
            # The way back of a crop or a padding about the centre is the other one.
            of_weight = fit_kernel(of_canvas, tuple(weight.shape[1:]))
        return of_x, of_weight, None


# Tokens up to which a batch's products are made at once and summed up afterwards.
_SMALL = 256


def multiply(matrix: Tensor, x: Tensor) -> Tensor:
    """Multiplies tokens (B, N, C) by the matrices (G, N, N) of their shares of the channels."""
    groups = len(matrix)
    if groups == 1:
        # Image by image: torch.matmul would copy the whole batch twice.
        return torch.bmm(matrix.expand(len(x), -1, -1), x)
    batch, num_tokens, channels = x.shape
    columns = x.reshape(batch, num_tokens, groups, channels // groups).permute(2, 1, 0, 3)
    mixed = matrix @ columns.reshape(groups, num_tokens, -1)
    mixed = mixed.reshape(groups, num_tokens, batch, channels // groups).permute(2, 1, 0, 3)
    return mixed.reshape(batch, num_tokens, channels)


def _outer(gradient: Tensor, x: Tensor) -> Tensor:
    """Returns the gradient of the matrix: the sum of ``gradient @ x^T`` over the batch."""
    if x.shape[1] <= _SMALL:
        return torch.bmm(gradient, x.transpose(1, 2)).sum(0)
    # In fp32 at least: half precision would round after each image.
    total = x.new_zeros(x.shape[1], x.shape[1], dtype=torch.promote_types(x.dtype, torch.float32))
    for one, other in zip(gradient, x, strict=True):
        if total.dtype == x.dtype:
            total.addmm_(one, other.T)
        else:
            total += one @ other.T
    return total.to(x.dtype)


def lkca_toeplitz(x: Tensor, weight: Tensor, grid: tuple[int, int]) -> Tensor:
    """Multiplies the tokens by the Toeplitz matrix.

    See :func:`lkca_mm.ops.lkca` for the shapes.
    """
    if weight.shape[0] > 1:
        return multiply(toeplitz_matrix(weight, grid), x)
    if is_tracing():
        return toeplitz_matrix(weight, grid)[0] @ x
    return _Product.apply(x, weight, grid)
