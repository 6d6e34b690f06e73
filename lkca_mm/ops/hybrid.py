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

from lkca_mm.ops.kernel import fit_kernel, reachable_size
from lkca_mm.ops.toeplitz import diagonal_sums, toeplitz_matrix
from lkca_mm.ops.tracing import is_compiling, is_tracing

# Bytes of spectra that are worth a matrix product of their own; less go several at a time.
_CHUNK_BYTES = 2**19


def circle_length(height: int, kernel_height: int) -> int:
    """Returns the length of a circle on which what wraps around falls outside the grid."""
    return height + kernel_height // 2


def num_frequencies(length: int) -> int:
    """Returns how many frequencies a real signal on a circle has."""
    return length // 2 + 1


@lru_cache(maxsize=32)
def _transforms(
    height: int, kernel_height: int, dtype: torch.dtype, device: torch.device
) -> tuple[Tensor, Tensor, Tensor]:
    """Returns the transform of tokens, its inverse, and the transform of kernels.

    Spectra have 2 real rows for each of the F frequencies, the real part first.

    Returns:
        Matrices of shape (2F, H), (H, 2F) and (2F, Kh).
    """
    length = circle_length(height, kernel_height)
    frequencies = torch.arange(num_frequencies(length), dtype=torch.float64)[:, None]
    rows = torch.arange(height, dtype=torch.float64)
    offsets = torch.arange(kernel_height, dtype=torch.float64) - kernel_height // 2

    def waves(places: Tensor, sign: int) -> Tensor:
        angles = 2 * math.pi / length * frequencies * places
        return torch.stack((angles.cos(), sign * angles.sin()), dim=1).flatten(0, 1)

    forward = waves(rows, -1)
    # Each frequency but the constant one, and the middle one of an even circle,
    # stands for itself and its mirror image.
    weights = torch.full((len(frequencies), 1), 2.0, dtype=torch.float64)
    weights[0] = 1
    if length % 2 == 0:
        weights[-1] = 1
    inverse = (forward * weights.repeat_interleave(2, dim=0) / length).T
    # A cross-correlation: the kernel's spectrum is conjugate.
    matrices = (forward, inverse, waves(offsets, 1))
    return tuple(m.to(dtype).contiguous().to(device) for m in matrices)


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


def _plain(x: Tensor, kernel: Tensor, grid: tuple[int, int]) -> Tensor:
    """The products as a compiler wants them: no loops, no buffers, any batch.

    Args:
        x: Tokens of shape (B, G, H*W, C/G).
        kernel: Kernels of shape (G, Kh, 2W-1).
        grid: The grid (H, W).
    """
    height, width = grid
    # Dynamo warns of caches, and folds the constants by itself.
    make = _transforms.__wrapped__ if is_compiling() else _transforms
    forward, inverse, transform = make(height, kernel.shape[1], x.dtype, x.device)
    channels = x.shape[-1]
    spectrum = forward @ x.unflatten(2, (height, width)).flatten(3)
    spectrum = spectrum.unflatten(2, (-1, 2)).unflatten(4, (width, channels)).flatten(3, 4)
    mixed = _blocks(kernel, transform, width) @ spectrum
    mixed = mixed.unflatten(3, (2, width)).flatten(4).flatten(2, 3)
    return (inverse @ mixed).unflatten(3, (width, channels)).flatten(2, 3)


class HybridMatrices:
    """The matrices that a kernel and a grid give: made once, used for any tokens.

    Args:
        weight: One kernel of shape (1, Kh, Kw), Kh and Kw odd.
        grid: The grid (H, W).
    """

    def __init__(self, weight: Tensor, grid: tuple[int, int]) -> None:
        self.grid = grid
        kernel = _fit(weight, grid)
        self.forward, self.inverse, transform = _transforms(
            grid[0], kernel.shape[1], weight.dtype, weight.device
        )
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
        x, gradient = x.contiguous(), gradient.contiguous()
        width = ctx.grid[1]
        matrices = HybridMatrices(weight, ctx.grid)
        forward, inverse = matrices.forward, matrices.inverse
        blocks = matrices.blocks.transpose(-2, -1)
        wants_x, wants_kernel, _ = ctx.needs_input_grad
        result = torch.empty_like(x) if wants_x else x
        # In fp32 at least: the batch is summed up here.
        total = torch.zeros_like(blocks, dtype=torch.promote_types(x.dtype, torch.float32))
        spectra, gradients = _buffers(x, len(forward), width, 2)
        for tokens, grads, results in _chunks(len(spectra), ctx.grid, x, gradient, result):
            size = len(tokens)
            _multiply(inverse.T, grads, _rows(gradients[:size]))
            if wants_kernel:
                _multiply(forward, tokens, _rows(spectra[:size]))
                for one, other in zip(gradients[:size], spectra[:size], strict=True):
                    # Not baddbmm: it goes through the frequencies one by one.
                    total += torch.bmm(one, other.transpose(-2, -1))
            if wants_x:
                _multiply(blocks, gradients[:size], spectra[:size])
                _multiply(forward.T, _rows(spectra[:size]), results)
        of_weight = None
        if wants_kernel:
            size = _reach(weight, ctx.grid)
            transform = _transforms(ctx.grid[0], size[0], total.dtype, x.device)[2]
            of_kernel = _kernel_gradient(total[None], transform, width)
            # The way back of a crop or a padding about the centre is the other one.
            of_weight = fit_kernel(of_kernel, tuple(weight.shape[1:])).to(weight.dtype)
        return result if wants_x else None, of_weight, None


def _buffers(x: Tensor, rows: int, width: int, count: int) -> list[Tensor]:
    """Returns buffers for the spectra of a chunk: (chunk, F, 2W, C) each."""
    channels = x.shape[-1]
    one = rows * width * channels * x.element_size()
    chunk = max(1, min(len(x), _CHUNK_BYTES // max(one, 1)))
    return [x.new_empty(chunk, rows // 2, 2 * width, channels) for _ in range(count)]


def _rows(spectra: Tensor) -> Tensor:
    """Views spectra (S, F, 2W, C) as the transforms see them: (S, 2F, W*C)."""
    return spectra.view(len(spectra), 2 * spectra.shape[1], -1)


def _chunks(size: int, grid: tuple[int, int], *tensors: Tensor) -> list[tuple[Tensor, ...]]:
    """Cuts tokens (S, H*W, C) into chunks of ``size``, seen as (S, H, W*C)."""
    views = (tensor.view(len(tensor), grid[0], -1) for tensor in tensors)
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
    batch, num_tokens, channels = x.shape
    groups = weight.shape[0]
    if groups == 1 and not is_tracing():
        return _Hybrid.apply(x, weight, grid)
    kernel = _fit(weight, grid)
    if groups == 1:
        return _plain(x[:, None], kernel, grid)[:, 0]
    grouped = x.unflatten(2, (groups, channels // groups)).transpose(1, 2)
    return _plain(grouped, kernel, grid).transpose(1, 2).reshape(batch, num_tokens, channels)
