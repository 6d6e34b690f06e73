"""The attention view as one matrix product (paper 3.2.1)."""

from typing import Any

import torch
from torch import Tensor

from lkca_mm.ops.kernel import fit_kernel
from lkca_mm.ops.modes import is_eager, is_transforming, without_autocast

# Tokens up to which a CPU multiplies all images of a batch at once for the kernel's gradient.
_SMALL = 256


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
    if is_transforming() or torch.jit.is_tracing():  # a Function could not be saved
        return _windows(canvas, height, width)
    return _ToeplitzMatrix.apply(canvas, height, width)


def _windows(canvas: Tensor, height: int, width: int) -> Tensor:
    """Lists all windows of a canvas (G, 2H-1, 2W-1) as rows, the bottom right one first."""
    windows = canvas.unfold(1, height, 1).unfold(2, width, 1).flip(1, 2)
    return windows.reshape(canvas.shape[0], height * width, height * width)


class _ToeplitzMatrix(torch.autograd.Function):
    """All windows as rows, with a gradient that sums diagonals.

    Under ``torch.compile`` PyTorch 2.4 silently computes a wrong gradient of ``unfold``.
    """

    @staticmethod
    def forward(ctx: Any, canvas: Tensor, height: int, width: int) -> Tensor:
        ctx.grid = (height, width)
        return _windows(canvas, height, width)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None]:
        return _tap_sums(gradient, ctx.grid), None, None


def _tap_sums(matrix: Tensor, grid: tuple[int, int]) -> Tensor:
    """Sums the elements that hold one tap: (G, H*W, H*W) to (G, 2H-1, 2W-1)."""
    blocks = matrix.unflatten(1, grid).unflatten(3, grid)
    columns = diagonal_sums(blocks.transpose(2, 3))
    return diagonal_sums(columns.permute(0, 3, 1, 2)).transpose(1, 2)


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


def multiply(matrix: Tensor, x: Tensor) -> Tensor:
    """Multiplies tokens (B, N, C) by the matrices (G, N, N) of their shares of the channels."""
    if len(matrix) == 1:
        # As a batch: torch.matmul would copy all tokens twice.
        return torch.bmm(matrix.expand(len(x), -1, -1), x)
    batch, num_tokens, channels = x.shape
    mixed = matrix @ _columns(x, len(matrix))
    mixed = mixed.unflatten(2, (batch, channels // len(matrix))).permute(2, 1, 0, 3)
    return mixed.reshape(batch, num_tokens, channels)


def _columns(x: Tensor, groups: int) -> Tensor:
    """Lays the tokens (B, N, C) of a group side by side: (G, N, B*C/G)."""
    return x.unflatten(2, (groups, x.shape[2] // groups)).permute(2, 1, 0, 3).flatten(2)


def _outer(gradient: Tensor, x: Tensor, groups: int) -> Tensor:
    """Returns the gradient (G, N, N) of the matrices from that of the product, and x."""
    if groups > 1 or x.device.type != 'cpu':
        return _columns(gradient, groups) @ _columns(x, groups).mT
    # On a CPU, image by image stays in the caches.
    if x.shape[1] <= _SMALL:
        return torch.bmm(gradient, x.transpose(1, 2)).sum(0, keepdim=True)
    # In fp32 at least: half precision would round after each image.
    total = x.new_zeros(x.shape[1], x.shape[1], dtype=torch.promote_types(x.dtype, torch.float32))
    for one, other in zip(gradient, x, strict=True):
        if total.dtype == x.dtype:
            total.addmm_(one, other.T)
        else:
            total += one @ other.T
    return total.to(x.dtype)[None]


class _Product(torch.autograd.Function):
    """The product with the matrices, which backward makes again instead of keeping them."""

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
        with without_autocast(x.device.type):
            if wants_x:
                of_x = multiply(toeplitz_matrix(weight, ctx.grid).mT, gradient)
            if wants_weight:
                of_canvas = _tap_sums(_outer(gradient, x, len(weight)), ctx.grid)
                # What a crop about the centre left out is padded, and the reverse.
                of_weight = fit_kernel(of_canvas, tuple(weight.shape[1:]))
        return of_x, of_weight, None


def lkca_toeplitz(x: Tensor, weight: Tensor, grid: tuple[int, int]) -> Tensor:
    """Multiplies the tokens by the Toeplitz matrix.

    See :func:`lkca_mm.ops.lkca` for the shapes.
    """
    if is_eager(x):
        return _Product.apply(x, weight, grid)
    matrix = toeplitz_matrix(weight, grid)
    # One plain product is what a graph should hold.
    return matrix[0] @ x if len(weight) == 1 else multiply(matrix, x)
