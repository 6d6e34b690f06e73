"""LKCA beside self-attention in one layer."""

from typing import Any

from torch import Tensor, nn

from lkca_mm.models.mixers.lkca import LKCAMixer
from lkca_mm.models.mixers.mhsa import MHSAMixer


class ParallelMixer(nn.Module):
    """The sum of LKCA and self-attention of the same tokens.

    One reading of the paper's text, which has LKCA and self-attention in one
    model; its tables' models have LKCA alone (see docs/errata.md).

    Args:
        embed_dims: Channels C.
        lkca: Settings of :class:`LKCAMixer`.
        mhsa: Settings of :class:`MHSAMixer`.

    Raises:
        ConfigError: If a setting has an impossible value.
    """

    def __init__(self, embed_dims: int, lkca: dict[str, Any], mhsa: dict[str, Any]) -> None:
        super().__init__()
        self.lkca = LKCAMixer(embed_dims, **lkca)
        self.mhsa = MHSAMixer(embed_dims, **mhsa)

    def forward(self, x: Tensor, grid: tuple[int, int], num_prefix_tokens: int = 0) -> Tensor:
        """Mixes tokens of shape (B, P + H*W, C); see the two mixers."""
        return self.lkca(x, grid, num_prefix_tokens) + self.mhsa(x, grid, num_prefix_tokens)
