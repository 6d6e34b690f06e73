"""The convolution view by the convolution theorem."""

import torch
from torch import Tensor
from torch.nn import functional as F

from lkca_mm.ops.kernel import fit_kernel, reachable_size


def fast_length(minimum: int) -> int:
    """Returns the smallest length >= ``minimum`` with no prime factor above 5."""
    length = int(minimum)  # while tracing, shapes are tensors
    while True:
        rest = length
        for prime in (2, 3, 5):
            while rest % prime == 0:
                rest //= prime
        if rest == 1:
            return length
        length += 1


def transform_size(kernel_size: tuple[int, int], grid: tuple[int, int]) -> tuple[int, int]:
    """Returns the lengths of the circular transform that leaves the grid unaliased.

    A circle of H + Kh//2 is enough: what wraps around falls outside the rows kept.
    """
    return (fast_length(grid[0] + kernel_size[0] // 2), fast_length(grid[1] + kernel_size[1] // 2))


def lkca_fourier(x: Tensor, weight: Tensor, grid: tuple[int, int]) -> Tensor:
    """Multiplies spectra instead of sliding; computes in fp32 or fp64.

    See :func:`lkca_mm.ops.lkca` for the shapes.
    """
    batch, num_tokens, channels = x.shape
    groups = weight.shape[0]
    # Half precision has no transform on the CPU and loses too many digits on a GPU.
    compute = torch.float64 if x.dtype == torch.float64 else torch.float32
    kernel = fit_kernel(weight, reachable_size(weight.shape[1:], grid)).to(compute)
    size = transform_size(kernel.shape[1:], grid)

    # Laid with its centre tap at the origin of the circle, the kernel leaves the
    # grid where it is; the conjugate makes it a cross-correlation.
    canvas = F.pad(kernel, (0, size[1] - kernel.shape[2], 0, size[0] - kernel.shape[1]))
    canvas = torch.roll(canvas, (-(kernel.shape[1] // 2), -(kernel.shape[2] // 2)), dims=(1, 2))
    kernel_spectrum = torch.fft.rfft2(canvas).conj()

    # Transforms over the two innermost dimensions: over others PyTorch returns
    # strides that its own compiler does not expect.
    image = x.to(compute).transpose(1, 2).reshape(batch, groups, channels // groups, *grid)
    product = torch.fft.rfft2(image, s=size) * kernel_spectrum[:, None]
    mixed = torch.fft.irfft2(product, s=size)[..., : grid[0], : grid[1]]
    return mixed.reshape(batch, channels, num_tokens).transpose(1, 2).to(x.dtype)
