"""Token mixers: what stands where a transformer has its attention.

A mixer is called as ``mixer(x, grid, num_prefix_tokens)`` and returns tokens of the shape of ``x``.
"""

import math
from typing import Any

import torch
from mmengine.logging import print_log
from torch import Tensor, nn
from torch.nn import functional as F

from lkca_mm.errors import ConfigError
from lkca_mm.ops import (
    BACKENDS,
    FoldedLKCA,
    fit_kernel,
    is_eager,
    lkca,
    product_dtype,
    without_autocast,
)

PROJECTIONS = ('none', 'value_output')
KERNEL_INITS = ('zero', 'conv', 'trunc_normal')
GATES = ('none', 'silu')


class LKCAMixer(nn.Module):
    """LKCA: learnable large kernels, shared by channels (paper 3.2). Prefix tokens are left out.

    Args:
        embed_dims: Channels C.
        kernel_size: (Kh, Kw), odd; (2H-1, 2W-1) reaches every token of an
            H x W grid from every other.
        num_kernels: Number of kernels G; each serves C/G consecutive channels.
            1 is the paper, C is a depthwise convolution.
        projections: ``'none'`` as in the paper's segmentation models, or
            ``'value_output'``: a Linear without bias before and a Linear with
            bias after, as in its classification models and Listing 1.1.
        kernel_init: ``'zero'`` (the layer starts as the identity), ``'conv'``
            (as Conv2d) or ``'trunc_normal'`` (std 0.02).
        backend: See :func:`lkca_mm.ops.lkca`.
        proj_drop_rate: Dropout of the result, in [0, 1).
        resample_kernels: Whether a checkpoint's kernel of another size is
            resampled to this size, as position embeddings are. By default its
            taps keep their offsets: the centre is cropped or zero-padded.
        gate: ``'silu'`` multiplies what the kernel mixed by SiLU(Linear(x)), token by
            token, before the output projection; ``'none'`` (also None) is the paper.
            Ours, after gated convolutional language models.

    Raises:
        ConfigError: If a setting has an impossible value.
    """

    def __init__(
        self,
        embed_dims: int,
        kernel_size: tuple[int, int],
        num_kernels: int = 1,
        projections: str = 'none',
        kernel_init: str = 'zero',
        backend: str = 'auto',
        proj_drop_rate: float = 0.0,
        resample_kernels: bool = False,
        gate: str | None = 'none',
    ) -> None:
        super().__init__()
        if min(kernel_size) < 1 or kernel_size[0] % 2 == 0 or kernel_size[1] % 2 == 0:
            raise ConfigError(f'kernel_size={kernel_size} must be two odd, positive numbers')
        if num_kernels < 1 or embed_dims % num_kernels:
            raise ConfigError(f'num_kernels={num_kernels} must divide embed_dims={embed_dims}')
        if projections not in PROJECTIONS:
            raise ConfigError(f'projections={projections!r} must be one of {PROJECTIONS}')
        if kernel_init not in KERNEL_INITS:
            raise ConfigError(f'kernel_init={kernel_init!r} must be one of {KERNEL_INITS}')
        gate = gate or 'none'
        if gate not in GATES:
            raise ConfigError(f'gate={gate!r} must be one of {GATES}')
        if backend not in ('auto', *BACKENDS):
            raise ConfigError(f'backend={backend!r} must be auto or one of {tuple(BACKENDS)}')
        self.embed_dims = embed_dims
        self.kernel_init = kernel_init
        self.backend = backend
        self._folded: tuple[Tensor, tuple, FoldedLKCA] | None = None
        self.resample_kernels = resample_kernels
        self.kernel = nn.Parameter(torch.empty(num_kernels, *kernel_size))
        projected = projections == 'value_output'
        self.value = nn.Linear(embed_dims, embed_dims, bias=False) if projected else nn.Identity()
        self.gate = nn.Linear(embed_dims, embed_dims) if gate == 'silu' else None
        self.proj = nn.Linear(embed_dims, embed_dims) if projected else nn.Identity()
        self.proj_drop = nn.Dropout(proj_drop_rate)
        self.init_kernel()

    @torch.no_grad()
    def init_kernel(self) -> None:
        """Draws the kernel as ``kernel_init`` says."""
        if self.kernel_init == 'zero':
            self.kernel.zero_()
        elif self.kernel_init == 'conv':
            # Conv2d's own rule; each output reads one channel, so the fan-in is the taps.
            nn.init.kaiming_uniform_(self.kernel[:, None], a=math.sqrt(5))
        else:
            nn.init.trunc_normal_(self.kernel, std=0.02)

    def forward(self, x: Tensor, grid: tuple[int, int], num_prefix_tokens: int = 0) -> Tensor:
        """Mixes tokens.

        Args:
            x: Tokens of shape (B, P + H*W, C), the P prefix tokens first.
            grid: The grid (H, W) of the patch tokens.
            num_prefix_tokens: P.

        Returns:
            Mixed tokens of shape (B, P + H*W, C). Prefix tokens have no place on
            the grid: none of them is read, and they receive zeros, or the output projection's bias.
        """
        patches = x[:, num_prefix_tokens:]
        return self.project(self.mix(self.value(patches), grid), patches, num_prefix_tokens)

    def project(self, mixed: Tensor, patches: Tensor, num_prefix_tokens: int = 0) -> Tensor:
        """Applies what stands behind the kernel: the gate, the output projection, dropout.

        Args:
            mixed: What the kernel made of the values, of shape (B, N, C).
            patches: The layer's patch tokens, of the same shape, which the gate reads.
            num_prefix_tokens: P.

        Returns:
            Tokens of shape (B, P + N, C).
        """
        if self.gate is not None:
            mixed = mixed * F.silu(self.gate(patches))
        if num_prefix_tokens:
            mixed = F.pad(mixed, (0, 0, num_prefix_tokens, 0))
        return self.proj_drop(self.proj(mixed))

    def mix(self, patches: Tensor, grid: tuple[int, int]) -> Tensor:
        """Applies the kernel to tokens (B, H*W, C), as folded for this grid unless it learns."""
        learning = self.training or (torch.is_grad_enabled() and self.kernel.requires_grad)
        eager = is_eager(patches)
        if learning and eager:
            self._folded = None  # a fused optimiser changes the kernel without a trace
        # A graph that is being made has constants of its own, and a kernel made in inference
        # mode does not say when it changes.
        if learning or not eager or self.kernel.is_inference():
            return lkca(patches, self.kernel, grid, self.backend)
        dtype = product_dtype(patches)
        with without_autocast(patches.device.type):
            return self.fold(grid, dtype)(patches.to(dtype))

    def fold(self, grid: tuple[int, int], dtype: torch.dtype | None = None) -> FoldedLKCA:
        """Returns the operator with this kernel as a constant, kept for the last grid.

        Data sets with images of many sizes would fill the memory with a matrix for each. It is
        dropped by ``train()`` and ``eval()``, by a forward pass that learns, and when the kernel
        changes in place, as ``load_state_dict`` changes it. Writing to ``kernel.data`` goes
        unnoticed: call ``eval()`` after it.

        Args:
            grid: The grid (H, W).
            dtype: Type of the tokens to come; the kernel's if None.
        """
        kernel = self.kernel
        settings = (tuple(grid), self.embed_dims, dtype or kernel.dtype, self.backend)
        key = (kernel.data_ptr(), kernel._version, kernel.device, *settings)
        kept = self._folded  # read once: another thread may replace it
        if kept is None or kept[1] != key:
            # The old kernel is kept, so that no other can have its address.
            kept = self._folded = (kernel.detach(), key, FoldedLKCA(kernel, *settings))
        return kept[2]

    def train(self, mode: bool = True) -> 'LKCAMixer':
        """Sets training mode and drops what was folded."""
        self._folded = None
        return super().train(mode)

    def __getstate__(self) -> dict[str, Any]:
        """Leaves what was folded out of copies and pickles."""
        return {**self.__dict__, '_folded': None}

    def _load_from_state_dict(
        self, state_dict: dict[str, Any], prefix: str, *args: Any, **kwargs: Any
    ) -> None:
        """Fits a checkpoint's kernel of another size before it is loaded."""
        key = f'{prefix}kernel'
        loaded = state_dict.get(key)
        if (
            isinstance(loaded, Tensor)
            and loaded.dim() == 3
            and loaded.shape[0] == self.kernel.shape[0]
            and loaded.shape != self.kernel.shape
        ):
            size = tuple(self.kernel.shape[1:])
            if self.resample_kernels:
                fitted = F.interpolate(
                    loaded[None].float(), size=size, mode='bicubic', align_corners=True
                )[0].to(loaded.dtype)
                # Denser taps weigh less each, so that the sum over an area stays.
                fitted = fitted * (loaded[0].numel() / fitted[0].numel())
                how = 'resampled'
            else:
                fitted = fit_kernel(loaded, size)
                how = 'cropped or zero-padded about its centre'
            print_log(f'{key}: {how} from {tuple(loaded.shape[1:])} to {size}', logger='current')
            state_dict[key] = fitted
        super()._load_from_state_dict(state_dict, prefix, *args, **kwargs)


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


MIXERS = {'lkca': LKCAMixer, 'mhsa': MHSAMixer, 'lkca+mhsa': ParallelMixer}
"""The names that ``mixers`` takes in a config."""
