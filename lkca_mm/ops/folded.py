"""The operator with a kernel that stays as it is: all that depends on it, made once."""

import torch
from torch import Tensor

from lkca_mm.ops.cost import MATRIX_LIMIT, choose_backend
from lkca_mm.ops.dispatch import lkca
from lkca_mm.ops.hybrid import HybridMatrices
from lkca_mm.ops.toeplitz import multiply, toeplitz_matrix


class FoldedLKCA:
    """LKCA on one grid as one product with a constant matrix.

    Where the rule of :mod:`lkca_mm.ops.cost` prefers the hybrid view, its matrices are the
    constant instead: two transforms and one product, cheaper than the dense product on such
    grids. Other views, several kernels in it, and larger matrices are not folded.

    Args:
        weight: Kernels of shape (G, Kh, Kw).
        grid: The token grid (H, W).
        channels: Channels C of the tokens.
        dtype: Type of the tokens.
        backend: As for :func:`lkca_mm.ops.lkca`.
    """

    def __init__(
        self,
        weight: Tensor,
        grid: tuple[int, int],
        channels: int,
        dtype: torch.dtype,
        backend: str = 'auto',
    ) -> None:
        self.grid, self.backend = grid, backend
        if backend == 'auto':
            shape = (tuple(weight.shape[1:]), grid, weight.shape[0], channels)
            self.backend = choose_backend(
                weight.device.type, dtype.itemsize, *shape, training=False
            )
        elements = weight.shape[0] * (grid[0] * grid[1]) ** 2
        self.matrix: Tensor | None = None
        self.hybrid: HybridMatrices | None = None
        # What is made in inference mode could never take part in a gradient later.
        with torch.inference_mode(False), torch.no_grad():
            self.weight = weight.detach().to(dtype)
            if self.backend == 'toeplitz' and elements * dtype.itemsize <= MATRIX_LIMIT:
                self.matrix = toeplitz_matrix(self.weight, grid)
            elif self.backend == 'hybrid' and weight.shape[0] == 1:
                self.hybrid = HybridMatrices(self.weight, grid)

    def __call__(self, x: Tensor) -> Tensor:
        """Mixes tokens of shape (B, H*W, C)."""
        if self.matrix is not None:
            return multiply(self.matrix, x)
        # The hybrid's buffers cannot be differentiated through; lkca() can.
        if self.hybrid is not None and not (torch.is_grad_enabled() and x.requires_grad):
            return self.hybrid.mix(x)
        return lkca(x, self.weight, self.grid, self.backend)
