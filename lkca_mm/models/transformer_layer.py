"""One layer of the trunk: a token mixer and an MLP, each behind a LayerNorm."""

from torch import Tensor, nn
from torchvision.ops import StochasticDepth


class MLP(nn.Module):
    """Two Linears with a GELU between them.

    Args:
        embed_dims: Channels C.
        hidden_dims: Channels between the two Linears.
        drop_rate: Dropout after each Linear, in [0, 1).
    """

    def __init__(self, embed_dims: int, hidden_dims: int, drop_rate: float = 0.0) -> None:
        super().__init__()
        self.fc1 = nn.Linear(embed_dims, hidden_dims)
        self.act = nn.GELU()
        self.fc2 = nn.Linear(hidden_dims, embed_dims)
        self.drop = nn.Dropout(drop_rate)

    def forward(self, x: Tensor) -> Tensor:
        """Maps tokens of shape (..., C) to tokens of the same shape."""
        return self.drop(self.fc2(self.drop(self.act(self.fc1(x)))))


class TransformerLayer(nn.Module):
    """z' = mixer(LN(z)) + z; z'' = MLP(LN(z')) + z' (paper 3.2.3, equations 2 and 3).

    Args:
        embed_dims: Channels C.
        mixer: The token mixer, called as ``mixer(x, grid, num_prefix_tokens)``.
        mlp_ratio: Hidden channels of the MLP over C.
        drop_rate: Dropout in the MLP, in [0, 1).
        drop_path_rate: Probability that a sample skips a branch, in [0, 1).
        norm_eps: Epsilon of the LayerNorms.
    """

    def __init__(
        self,
        embed_dims: int,
        mixer: nn.Module,
        mlp_ratio: float,
        drop_rate: float = 0.0,
        drop_path_rate: float = 0.0,
        norm_eps: float = 1e-6,
    ) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(embed_dims, eps=norm_eps)
        self.mixer = mixer
        self.norm2 = nn.LayerNorm(embed_dims, eps=norm_eps)
        self.mlp = MLP(embed_dims, round(embed_dims * mlp_ratio), drop_rate)
        self.drop_path = StochasticDepth(drop_path_rate, 'row') if drop_path_rate else nn.Identity()

    def forward(self, x: Tensor, grid: tuple[int, int], num_prefix_tokens: int = 0) -> Tensor:
        """Maps tokens of shape (B, P + H*W, C) to tokens of the same shape."""
        x = x + self.drop_path(self.mixer(self.norm1(x), grid, num_prefix_tokens))
        return x + self.drop_path(self.mlp(self.norm2(x)))
