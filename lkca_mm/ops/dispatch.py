"""One function over all views of the operator."""

import operator
from collections.abc import Callable

import torch
from torch import Tensor

from lkca_mm.ops.convolution import lkca_convolution
from lkca_mm.ops.cost import choose_backend
from lkca_mm.ops.fourier import lkca_fourier
from lkca_mm.ops.hybrid import lkca_hybrid
from lkca_mm.ops.modes import autocast_dtype, without_autocast
from lkca_mm.ops.reference import lkca_reference
from lkca_mm.ops.toeplitz import lkca_toeplitz

BACKENDS: dict[str, Callable[[Tensor, Tensor, tuple[int, int]], Tensor]] = {
    'reference': lkca_reference,
    'toeplitz': lkca_toeplitz,
    'hybrid': lkca_hybrid,
    'conv': lkca_convolution,
    'fft': lkca_fourier,
}


def _check_arguments(x: Tensor, weight: Tensor, grid: tuple[int, int], backend: str) -> None:
    if backend not in ('auto', *BACKENDS):
        raise ValueError(f'backend must be one of auto, {", ".join(BACKENDS)}; got {backend!r}')
    if x.dim() != 3:
        raise ValueError(f'x must have shape (B, H*W, C), got {tuple(x.shape)}')
    if weight.dim() != 3:
        raise ValueError(f'weight must have shape (G, Kh, Kw), got {tuple(weight.shape)}')
    if len(grid) != 2 or min(grid) < 1:
        raise ValueError(f'grid must be two positive numbers (H, W), got {tuple(grid)}')
    if x.shape[1] != grid[0] * grid[1]:
        raise ValueError(
            f'x has {x.shape[1]} tokens, but grid {grid[0]} x {grid[1]} needs {grid[0] * grid[1]}'
        )
    if weight.shape[1] % 2 == 0 or weight.shape[2] % 2 == 0:
        raise ValueError(
            f'weight must have odd Kh and Kw to have a centre tap, got '
            f'{weight.shape[1]} x {weight.shape[2]}'
        )
    if weight.shape[0] < 1 or x.shape[2] % weight.shape[0]:
        raise ValueError(
            f'x has {x.shape[2]} channels, which weight cannot share out '
            f'evenly among its {weight.shape[0]} kernels'
        )


def product_dtype(x: Tensor) -> torch.dtype:
    """Returns the type that tokens are mixed in: autocast's where it is on, else their own."""
    autocast = autocast_dtype(x.device.type)
    return x.dtype if autocast is None or x.dtype == torch.float64 else autocast


def lkca(x: Tensor, weight: Tensor, grid: tuple[int, int], backend: str = 'auto') -> Tensor:
    """Mixes tokens with a large kernel (paper 3.2; the attention and the convolution view).

    With p and q positions on the grid and c a channel of group g::

        y[p, c] = sum over q of  weight[g, q - p + centre] * x[q, c]

    where taps outside the kernel are zero. The kernel may be smaller or larger
    than the (2H-1) x (2W-1) taps that the grid can use.

    Under autocast the product runs in autocast's type, as a Linear would.

    Args:
        x: Tokens of shape (B, H*W, C) in row-major order; fp64, fp32, bf16 or fp16.
        weight: Kernels of shape (G, Kh, Kw), Kh and Kw odd. Kernel g serves the
            g-th of G equal, consecutive shares of the channels: G = 1 is the
            paper's operator, G = C is a depthwise convolution.
        grid: The token grid (H, W).
        backend: ``'toeplitz'``, ``'hybrid'``, ``'conv'``, ``'fft'``, ``'reference'``, or
            ``'auto'``, which picks one of the first four by the rule in
            :mod:`lkca_mm.ops.cost`: for training where a gradient will be asked for,
            else for a forward pass.

    Returns:
        Mixed tokens of shape (B, H*W, C).

    Raises:
        ValueError: If an argument has the wrong shape or ``backend`` is unknown.
    """
    _check_arguments(x, weight, grid, backend)
    # Plain numbers under torch.compile too: every view's shapes, and the choice
    # between views, are the grid's own, so each grid gets a graph of its own.
    grid = (operator.index(grid[0]), operator.index(grid[1]))
    x = x.to(product_dtype(x))
    if backend == 'auto':
        learning = torch.is_grad_enabled() and not torch.jit.is_tracing()
        training = learning and (x.requires_grad or weight.requires_grad)
        shape = (tuple(weight.shape[1:]), grid, weight.shape[0], x.shape[2])
        backend = choose_backend(x.device.type, x.dtype.itemsize, *shape, training=training)
    run, weight = BACKENDS[backend], weight.to(x.dtype)
    # Inside, every backend sees one type and needs no casts of its own.
    with without_autocast(x.device.type):
        return run(x, weight, grid)
