"""LKCA with its matrix as a constant: the form that a graph holds."""

from torch import Tensor, nn
from torch.nn import functional as F

from lkca_mm.models import LKCAMixer
from lkca_mm.ops.toeplitz import toeplitz_matrix


class ConstantMixer(nn.Module):
    """An :class:`LKCAMixer` for one grid: a single matrix product with a constant.

    Args:
        mixer: The trained mixer.
        grid: The token grid (H, W), from now on the only one.
    """

    def __init__(self, mixer: LKCAMixer, grid: tuple[int, int]) -> None:
        super().__init__()
        self.grid = tuple(grid)
        self.value, self.gate, self.proj = mixer.value, mixer.gate, mixer.proj
        matrix = toeplitz_matrix(mixer.kernel.detach(), self.grid)
        self.groups, self.embed_dims = len(matrix), mixer.embed_dims
        # (H*W, H*W), or (G, H*W, H*W) for G kernels.
        self.register_buffer('matrix', matrix[0] if self.groups == 1 else matrix)

    def forward(self, x: Tensor, grid: tuple[int, int], num_prefix_tokens: int = 0) -> Tensor:
        """Mixes tokens of shape (B, P + H*W, C); see :class:`LKCAMixer`."""
        patches = x[:, num_prefix_tokens:] if num_prefix_tokens else x
        value = self.value(patches)
        if self.groups == 1:
            mixed = self.matrix @ value
        else:
            # Only the batch is left open: a graph for any batch holds no other shape.
            num_tokens = self.matrix.shape[-1]
            shares = (-1, num_tokens, self.groups, self.embed_dims // self.groups)
            mixed = self.matrix @ value.reshape(shares).transpose(1, 2)
            mixed = mixed.transpose(1, 2).reshape(-1, num_tokens, self.embed_dims)
        if self.gate is not None:
            mixed = mixed * F.silu(self.gate(patches))
        if num_prefix_tokens:
            mixed = F.pad(mixed, (0, 0, num_prefix_tokens, 0))
        return self.proj(mixed)
