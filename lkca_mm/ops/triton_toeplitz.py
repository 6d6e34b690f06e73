"""The attention view on a GPU, its matrix implicit: a Triton backend.

Nothing N x N is ever stored, neither forward nor backward. The product, turned or
not, and the correlation are each other's gradients, so gradients of any order are
made of the two. Sums are in fp32 and have a fixed order; but the tuning picks the
tiles by the clock, so that the last bits may differ between processes.
"""

from collections.abc import Sequence
from types import ModuleType
from typing import Any

import torch
from torch import Tensor
from torch.library import custom_op

from lkca_mm.ops.kernel import fit_kernel, reachable_size
from lkca_mm.ops.triton_missing import MESSAGE


def _launcher(x: Tensor) -> ModuleType:
    """Imports Triton, which not every machine has, only when it is asked for."""
    try:
        from lkca_mm.ops.triton_kernels import INTERPRETED
    except ImportError as error:
        raise ImportError(MESSAGE) from error
    if x.dtype not in (torch.float32, torch.bfloat16, torch.float16):
        raise ValueError(f"backend 'triton' computes in fp32, bf16 or fp16, not in {x.dtype}")
    if not INTERPRETED:
        if x.device.type != 'cuda':
            raise ValueError(f"backend 'triton' needs tensors on a CUDA device, got {x.device}")
        if torch.cuda.get_device_capability(x.device) < (8, 0):
            raise ValueError("backend 'triton' needs a GPU of compute capability 8.0 or later")
    from lkca_mm.ops import triton_launch

    return triton_launch


@custom_op('lkca_mm::toeplitz_product', mutates_args=())
def toeplitz_product(
    x: Tensor, kernel: Tensor, grid: Sequence[int], reach: Sequence[int], flip: bool
) -> Tensor:
    """Mixes tokens (B, N, C) with fitted kernels (G, 2H-1, 2W-1), turned if ``flip``."""
    return _launcher(x).product(x.contiguous(), kernel.contiguous(), grid, reach, flip)


@custom_op('lkca_mm::toeplitz_correlation', mutates_args=())
def toeplitz_correlation(
    a: Tensor, b: Tensor, groups: int, grid: Sequence[int], reach: Sequence[int]
) -> Tensor:
    """Sums a[p] * b[p + d] over images, a group's channels and p: (G, 2H-1, 2W-1)."""
    sums = _launcher(a).correlation(a.contiguous(), b.contiguous(), groups, grid, reach)
    return sums.to(a.dtype)


@toeplitz_product.register_fake
def _(x: Tensor, kernel: Tensor, grid: Sequence[int], reach: Sequence[int], flip: bool) -> Tensor:
    return x.new_empty(x.shape)


@toeplitz_correlation.register_fake
def _(a: Tensor, b: Tensor, groups: int, grid: Sequence[int], reach: Sequence[int]) -> Tensor:
    return a.new_empty(groups, 2 * grid[0] - 1, 2 * grid[1] - 1)


def _save_product(ctx: Any, inputs: tuple, output: Tensor) -> None:
    x, kernel, *ctx.rest = inputs
    ctx.save_for_backward(x, kernel)


def _product_gradients(ctx: Any, grad: Tensor) -> tuple:
    x, kernel = ctx.saved_tensors
    grid, reach, flip = ctx.rest
    grad_x = grad_kernel = None
    if ctx.needs_input_grad[0]:
        grad_x = toeplitz_product(grad, kernel, grid, reach, not flip)
    if ctx.needs_input_grad[1]:
        a, b = (x, grad) if flip else (grad, x)
        grad_kernel = toeplitz_correlation(a, b, kernel.shape[0], grid, reach)
    return grad_x, grad_kernel, None, None, None


def _save_correlation(ctx: Any, inputs: tuple, output: Tensor) -> None:
    a, b, _, *ctx.rest = inputs
    ctx.save_for_backward(a, b)


def _correlation_gradients(ctx: Any, grad: Tensor) -> tuple:
    a, b = ctx.saved_tensors
    grad_a = grad_b = None
    if ctx.needs_input_grad[0]:
        grad_a = toeplitz_product(b, grad, *ctx.rest, False)
    if ctx.needs_input_grad[1]:
        grad_b = toeplitz_product(a, grad, *ctx.rest, True)
    return grad_a, grad_b, None, None, None


toeplitz_product.register_autograd(_product_gradients, setup_context=_save_product)
toeplitz_correlation.register_autograd(_correlation_gradients, setup_context=_save_correlation)


def lkca_triton(x: Tensor, weight: Tensor, grid: tuple[int, int]) -> Tensor:
    """Multiplies the tokens by the Toeplitz matrix without making it.

    See :func:`lkca_mm.ops.lkca` for the shapes. Runs on CUDA devices in fp32, bf16
    and fp16. The first call with a new grid, width, type or doubled batch tries a
    few tile sizes, which takes seconds.

    Raises:
        ImportError: If Triton is not installed.
        ValueError: If x is on another device or of another type.
    """
    height, width = grid
    kernel = fit_kernel(weight, (2 * height - 1, 2 * width - 1))
    reach = tuple(size // 2 for size in reachable_size(weight.shape[1:], grid))
    return toeplitz_product(x, kernel, grid, reach, False)
