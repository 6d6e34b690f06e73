"""Fourier along the height, Toeplitz along the width: the views' common structure.

A discrete Fourier transform along one axis turns the doubly-block Toeplitz
matrix into one complex W x W Toeplitz matrix a frequency. Both the transform and
the Toeplitz products are plain matrix products, so there is nothing in it that a
device does slowly, and nothing of size N x N. For a full kernel on an H x W grid a
token and a channel take

    2H + 4W + 2H    multiply-adds (transform, product, transform back)

where the dense product takes H W; forward and backward together 10H + 12W, where it
takes 3 H W.
"""

import math
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor
from torch.utils.checkpoint import checkpoint

from lkca_mm.ops.kernel import fit_kernel, reachable_size
from lkca_mm.ops.modes import is_eager, without_autocast
from lkca_mm.ops.toeplitz import diagonal_sums, toeplitz_matrix

# Bytes of spectra for one round of products. A CPU is fastest while they stay in its caches; a
# GPU takes a whole batch at once, as far as memory allows.
_CPU_CHUNK_BYTES, _GPU_CHUNK_BYTES = 2**19, 2**28


def circle_length(height: int, kernel_height: int) -> int:
    """Returns the length of a circle on which what wraps around falls outside the grid."""
    return height + kernel_height // 2


def num_frequencies(length: int) -> int:
    """Returns how many frequencies a real signal on a circle has."""
    return length // 2 + 1


Transforms = tuple[Tensor, Tensor, Tensor]


def _make_transforms(
    height: int, kernel_height: int, dtype: torch.dtype, device: torch.device
) -> Transforms:
    """Returns the transform of tokens, its inverse, and the transform of kernels.

    Spectra have 2 real rows for each of the F frequencies, the real part first.

    Returns:
        Matrices of shape (2F, H), (H, 2F) and (2F, Kh).
    """
    length = circle_length(height, kernel_height)
    exact = {'dtype': torch.float64, 'device': 'cpu'}
    frequencies = torch.arange(num_frequencies(length), **exact)[:, None]
    rows = torch.arange(height, **exact)
    offsets = torch.arange(kernel_height, **exact) - kernel_height // 2

    def waves(places: Tensor, sign: int) -> Tensor:
        angles = 2 * math.pi / length * frequencies * places
        return torch.stack((angles.cos(), sign * angles.sin()), dim=1).flatten(0, 1)

    forward = waves(rows, -1)
    # Each frequency but the constant one, and the middle one of an even circle,
    # stands for itself and its mirror image.
    weights = torch.full((len(frequencies), 1), 2.0, **exact)
    weights[0] = 1
    if length % 2 == 0:
        weights[-1] = 1
    inverse = (forward * weights.repeat_interleave(2, dim=0) / length).T
    # A cross-correlation: the kernel's spectrum is conjugate.
    matrices = (forward, inverse, waves(offsets, 1))
    return tuple(m.to(dtype).contiguous().to(device) for m in matrices)


@lru_cache(maxsize=32)
def _kept_transforms(
    height: int, kernel_height: int, dtype: torch.dtype, device: torch.device
) -> Transforms:
    # Kept for the whole process, so not as inference tensors, which no gradient could use.
    with torch.inference_mode(False):
        return _make_transforms(height, kernel_height, dtype, device)


def _transforms(x: Tensor, height: int, kernel_height: int) -> Transforms:
    """Returns the three matrices in the type and on the device of ``x``."""
    make = _kept_transforms if is_eager(x) else _make_transforms
    return make(height, kernel_height, x.dtype, x.device)


def _reach(weight: Tensor, grid: tuple[int, int]) -> tuple[int, int]:
    """Returns the kernel size that this view works with: all of the width's taps."""
    return reachable_size(weight.shape[1:], grid)[0], 2 * grid[1] - 1


def _fit(weight: Tensor, grid: tuple[int, int]) -> Tensor:
    return fit_kernel(weight, _reach(weight, grid))


def _blocks(kernel: Tensor, transform: Tensor, width: int) -> Tensor:
    """Returns what multiplies the real and imaginary rows of each frequency.

    Args:
        kernel: Kernels of shape (G, Kh, 2W-1).
        transform: The transform of kernels (2F, Kh).
        width: W.

    Returns:
        Matrices of shape (G, F, 2W, 2W): [[re, -im], [im, re]] of the complex
        Toeplitz matrices.
    """
    spectrum = transform @ kernel
    matrices = toeplitz_matrix(spectrum.flatten(0, 1)[:, None], (1, width))
    real, imaginary = matrices.unflatten(0, (kernel.shape[0], -1, 2)).unbind(2)
    upper = torch.cat((real, -imaginary), dim=-1)
    lower = torch.cat((imaginary, real), dim=-1)
    return torch.cat((upper, lower), dim=-2)


def _kernel_gradient(blocks: Tensor, transform: Tensor, width: int) -> Tensor:
    """Returns the gradient of the kernels (G, Kh, 2W-1) from that of :func:`_blocks`."""
    quarters = blocks.unflatten(-1, (2, width)).unflatten(-3, (2, width))
    real = quarters[..., 0, :, 0, :] + quarters[..., 1, :, 1, :]
    imaginary = quarters[..., 1, :, 0, :] - quarters[..., 0, :, 1, :]
    spectrum = diagonal_sums(torch.stack((real, imaginary), dim=2))
    return transform.T @ spectrum.flatten(1, 2)


def _plain(x: Tensor, weight: Tensor, grid: tuple[int, int]) -> Tensor:
    """The products without loops and buffers: for graphs, transforms and several kernels.

    See :func:`lkca_mm.ops.lkca` for the shapes.
    """
    height, width = grid
    groups, channels = weight.shape[0], x.shape[2] // weight.shape[0]
    kernel = _fit(weight, grid)
    forward, inverse, transform = _transforms(x, height, kernel.shape[1])
    # (B, G, H, W*C/G), or with G = 1 what is the same in memory.
    rows = x[:, None] if groups == 1 else x.unflatten(2, (groups, channels)).transpose(1, 2)
    spectrum = forward @ rows.unflatten(2, (height, width)).flatten(3)
    spectrum = spectrum.unflatten(2, (len(forward) // 2, 2)).unflatten(4, (width, channels))
    mixed = _blocks(kernel, transform, width) @ spectrum.flatten(3, 4)
    mixed = mixed.unflatten(3, (2, width)).flatten(4).flatten(2, 3)
    mixed = (inverse @ mixed).unflatten(3, (width, channels)).flatten(2, 3)
    return mixed[:, 0] if groups == 1 else mixed.transpose(1, 2).flatten(2)


class HybridMatrices:
    """The matrices that a kernel and a grid give: made once, used for any tokens.

    Args:
        weight: One kernel of shape (1, Kh, Kw), Kh and Kw odd.
        grid: The grid (H, W).
    """

    def __init__(self, weight: Tensor, grid: tuple[int, int]) -> None:
        self.grid = grid
        kernel = _fit(weight, grid)
        self.forward, self.inverse, transform = _transforms(weight, grid[0], kernel.shape[1])
        self.blocks = _blocks(kernel, transform, grid[1])[0]

    def mix(self, x: Tensor) -> Tensor:
        """Mixes contiguous tokens of shape (B, H*W, C), in buffers that fit the caches."""
        x = x.contiguous()
        mixed = torch.empty_like(x)
        spectra, products = _buffers(x, len(self.forward), self.grid[1], 2)
        for tokens, result in _chunks(len(spectra), self.grid, x, mixed):
            size = len(tokens)
            _multiply(self.forward, tokens, _rows(spectra[:size]))
            _multiply(self.blocks, spectra[:size], products[:size])
            _multiply(self.inverse, _rows(products[:size]), result)
        return mixed


class _Hybrid(torch.autograd.Function):
    """The same with gradients; of all this, backward keeps x alone."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, grid: tuple[int, int]) -> Tensor:
        """Mixes tokens of shape (B, H*W, C)."""
        ctx.save_for_backward(x, weight)
        ctx.grid = grid
        return HybridMatrices(weight, grid).mix(x)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, Tensor | None, None]:
        x, weight = ctx.saved_tensors
        wants = ctx.needs_input_grad[:2]
        compute = _differentiable_gradients if torch.is_grad_enabled() else _gradients
        with without_autocast(x.device.type):
            return *compute(x, weight, gradient, ctx.grid, wants), None


def _differentiable_gradients(
    x: Tensor, weight: Tensor, gradient: Tensor, grid: tuple[int, int], wants: tuple[bool, bool]
) -> list[Tensor | None]:
    """Returns the gradients of x and weight such that they have gradients themselves."""
    inputs = [tensor.view_as(tensor) for tensor in (x, weight)]
    wanted = [tensor for tensor, want in zip(inputs, wants, strict=True) if want]
    found = iter(torch.autograd.grad(_plain(*inputs, grid), wanted, gradient, create_graph=True))
    return [next(found) if want else None for want in wants]


def _gradients(
    x: Tensor, weight: Tensor, gradient: Tensor, grid: tuple[int, int], wants: tuple[bool, bool]
) -> list[Tensor | None]:
    """Returns the gradients of x and weight, made in buffers."""
    x, gradient, width = x.contiguous(), gradient.contiguous(), grid[1]
    matrices = HybridMatrices(weight, grid)
    forward, inverse = matrices.forward, matrices.inverse
    blocks = matrices.blocks.transpose(-2, -1)
    wants_x, wants_kernel = wants
    result = torch.empty_like(x) if wants_x else x
    # In fp32 at least: the batch is summed up here.
    total = torch.zeros_like(blocks, dtype=torch.promote_types(x.dtype, torch.float32))
    spectra, gradients = _buffers(x, len(forward), width, 2)
    for tokens, grads, results in _chunks(len(spectra), grid, x, gradient, result):
        size = len(tokens)
        _multiply(inverse.T, grads, _rows(gradients[:size]))
        if wants_kernel:
            _multiply(forward, tokens, _rows(spectra[:size]))
            _add_outer(total, gradients[:size], spectra[:size])
        if wants_x:
            _multiply(blocks, gradients[:size], spectra[:size])
            _multiply(forward.T, _rows(spectra[:size]), results)
    of_weight = None
    if wants_kernel:
        transform = _transforms(total, grid[0], _reach(weight, grid)[0])[2]
        of_kernel = _kernel_gradient(total[None], transform, width)
        # What a crop about the centre left out is padded, and the reverse.
        of_weight = fit_kernel(of_kernel, tuple(weight.shape[1:])).to(weight.dtype)
    return [result if wants_x else None, of_weight]


def _add_outer(total: Tensor, gradients: Tensor, spectra: Tensor) -> None:
    """Adds the products gradients @ spectra^T (S, F, 2W, C), summed over S, to (F, 2W, 2W)."""
    if total.device.type != 'cpu':
        total += torch.einsum('sfac,sfbc->fab', gradients, spectra)
        return
    for one, other in zip(gradients, spectra, strict=True):
        # Not baddbmm: it goes through the frequencies one by one.
        total += torch.bmm(one, other.transpose(-2, -1))


def _buffers(x: Tensor, rows: int, width: int, count: int) -> list[Tensor]:
    """Returns buffers for the spectra of a chunk: (chunk, F, 2W, C) each."""
    channels = x.shape[-1]
    one = rows * width * channels * x.element_size()
    most = _CPU_CHUNK_BYTES if x.device.type == 'cpu' else _GPU_CHUNK_BYTES
    chunk = max(1, min(len(x), most // max(one, 1)))
    return [x.new_empty(chunk, rows // 2, 2 * width, channels) for _ in range(count)]


def _rows(spectra: Tensor) -> Tensor:
    """Views spectra (S, F, 2W, C) as the transforms see them: (S, 2F, W*C)."""
    return spectra.unflatten(2, (2, spectra.shape[2] // 2)).flatten(3).flatten(1, 2)


def _chunks(size: int, grid: tuple[int, int], *tensors: Tensor) -> list[tuple[Tensor, ...]]:
    """Cuts tokens (S, H*W, C) into chunks of ``size``, seen as (S, H, W*C)."""
    views = (tensor.unflatten(1, grid).flatten(2) for tensor in tensors)
    return list(zip(*(view.split(size) for view in views), strict=True))


def _multiply(matrix: Tensor, batch: Tensor, out: Tensor) -> None:
    """Multiplies each of ``batch`` by ``matrix``, which may have a batch of its own."""
    if len(batch) == 1:
        (torch.mm if matrix.dim() == 2 else torch.bmm)(matrix, batch[0], out=out[0])
    elif matrix.dim() == 2:
        torch.bmm(matrix.expand(len(batch), -1, -1), batch, out=out)
    else:
        many = matrix.expand(len(batch), -1, -1, -1).flatten(0, 1)
        torch.bmm(many, batch.flatten(0, 1), out=out.flatten(0, 1))


def lkca_hybrid(x: Tensor, weight: Tensor, grid: tuple[int, int]) -> Tensor:
    """Transforms the rows' axis and multiplies by a Toeplitz matrix a frequency.

    See :func:`lkca_mm.ops.lkca` for the shapes.
    """
    if not is_eager(x):
        return _plain(x, weight, grid)
    if weight.shape[0] == 1:
        return _Hybrid.apply(x, weight, grid)
    # The matrices of several kernels are large too: backward makes them again.
    settings = {'use_reentrant': False, 'preserve_rng_state': False}
    return checkpoint(_plain, x, weight, grid, **settings)
