"""Multi-head self-attention, the mixer of the ViT baseline."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from lkca_mm.errors import ConfigError


def _attend(query: Tensor, key: Tensor, value: Tensor, dropout: float) -> Tensor:
    """Returns softmax(Q K^T) V of tensors of shape (B, heads, T, C/heads)."""
    if query.device.type != 'cpu' or query.dtype != torch.bfloat16:
        return F.scaled_dot_product_attention(query, key, value, dropout_p=dropout)
    # On a CPU, PyTorch's backward of it takes five times as long in bf16 as in fp32.
    with torch.autocast('cpu', enabled=False):
        wide = (tensor.float() for tensor in (query, key, value))
        return F.scaled_dot_product_attention(*wide, dropout_p=dropout).to(query.dtype)


class MHSAMixer(nn.Module):
    """Multi-head self-attention over all tokens, prefix tokens included.

    Args:
        embed_dims: Channels C.
        num_heads: Number of heads; divides ``embed_dims``.
        qkv_bias: Whether query, key and value projections have a bias.
        attn_drop_rate: Dropout of the attention scores, in [0, 1).
        proj_drop_rate: Dropout after the output projection, in [0, 1).

    Raises:
        ConfigError: If ``num_heads`` does not divide ``embed_dims``.
    """

    def __init__(
        self,
        embed_dims: int,
        num_heads: int,
        qkv_bias: bool = True,
        attn_drop_rate: float = 0.0,
        proj_drop_rate: float = 0.0,
    ) -> None:
        super().__init__()
        if num_heads < 1 or embed_dims % num_heads:
            raise ConfigError(f'num_heads={num_heads} must divide embed_dims={embed_dims}')
        self.num_heads = num_heads
        self.attn_drop_rate = attn_drop_rate
        self.qkv = nn.Linear(embed_dims, 3 * embed_dims, bias=qkv_bias)
        self.proj = nn.Linear(embed_dims, embed_dims)
        self.proj_drop = nn.Dropout(proj_drop_rate)

    def forward(self, x: Tensor, grid: tuple[int, int], num_prefix_tokens: int = 0) -> Tensor:
        """Mixes tokens.

        Args:
            x: Tokens of shape (B, T, C).
            grid: Not used; the signature is that of every mixer.
            num_prefix_tokens: Not used.

        Returns:
            Mixed tokens of shape (B, T, C).
        """
        batch, num_tokens, channels = x.shape
        qkv = self.qkv(x).reshape(batch, num_tokens, 3, self.num_heads, -1)
        query, key, value = qkv.permute(2, 0, 3, 1, 4).unbind(0)
        dropout = self.attn_drop_rate if self.training else 0.0
        mixed = _attend(query, key, value, dropout)
        mixed = mixed.transpose(1, 2).reshape(batch, num_tokens, channels)
        return self.proj_drop(self.proj(mixed))
