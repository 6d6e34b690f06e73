"""LKCA as a token mixer: a learnable large kernel, shared by channels (paper 3.2)."""

import math
from typing import Any

import torch
from mmengine.logging import print_log
from torch import Tensor, nn
from torch.nn import functional as F

from lkca_mm.errors import ConfigError
from lkca_mm.ops import (
    FoldedLKCA,
    check_backend,
    fit_kernel,
    is_eager,
    lkca,
    product_dtype,
)

PROJECTIONS = ('none', 'value_output')
KERNEL_INITS = ('zero', 'conv', 'trunc_normal', 'gaussian')
GATES = ('none', 'silu')


class LKCAMixer(nn.Module):
    """Mixes patch tokens with large kernels; prefix tokens are left out.

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
            (as Conv2d), ``'trunc_normal'`` (std 0.02) or ``'gaussian'`` (a
            bump of one patch's width that sums to 1).
        backend: See :func:`lkca_mm.ops.lkca`.
        proj_drop_rate: Dropout of the result, in [0, 1).
        resample_kernels: Whether a checkpoint's kernel of another size is
            resampled to this size, as position embeddings are. By default its
            taps keep their offsets: the centre is cropped or zero-padded.
        channel_scale: Whether a learned factor for each channel, 1 at the start,
            stands behind the kernel.
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
        channel_scale: bool = False,
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
        try:
            check_backend(backend)
        except ValueError as error:
            raise ConfigError(str(error)) from None
        self.embed_dims = embed_dims
        self.kernel_init = kernel_init
        self.backend = backend
        self._folded: dict[tuple, FoldedLKCA] = {}
        self._folded_from: tuple | None = None
        self.resample_kernels = resample_kernels
        self.kernel = nn.Parameter(torch.empty(num_kernels, *kernel_size))
        self.channel_scale = nn.Parameter(torch.ones(embed_dims)) if channel_scale else None
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
        elif self.kernel_init == 'trunc_normal':
            nn.init.trunc_normal_(self.kernel, std=0.02)
        else:
            rows, columns = (
                torch.arange(size, dtype=torch.float32) - size // 2
                for size in self.kernel.shape[1:]
            )
            bump = torch.exp(-(rows[:, None] ** 2 + columns[None, :] ** 2) / 2)
            self.kernel.copy_((bump / bump.sum()).expand_as(self.kernel))

    def forward(self, x: Tensor, grid: tuple[int, int], num_prefix_tokens: int = 0) -> Tensor:
        """Mixes tokens.

        Args:
            x: Tokens of shape (B, P + H*W, C), the P prefix tokens first.
            grid: The grid (H, W) of the patch tokens.
            num_prefix_tokens: P.

        Returns:
            Mixed tokens of shape (B, P + H*W, C). Prefix tokens have no place on
            the grid: none of them is read, and they receive zeros.
        """
        patches = x[:, num_prefix_tokens:]
        mixed = self._mix(self.value(patches), grid)
        if self.channel_scale is not None:
            mixed = mixed * self.channel_scale.to(mixed.dtype)
        if self.gate is not None:
            mixed = mixed * F.silu(self.gate(patches))
        if num_prefix_tokens:
            mixed = F.pad(mixed, (0, 0, num_prefix_tokens, 0))
        return self.proj_drop(self.proj(mixed))

    def _mix(self, patches: Tensor, grid: tuple[int, int]) -> Tensor:
        """Runs the operator; in evaluation with what was folded for this grid."""
        learning = self.training or (torch.is_grad_enabled() and self.kernel.requires_grad)
        # A graph that is being made has constants of its own, and a kernel made in inference
        # mode does not say when it changes.
        if learning or not is_eager(patches) or self.kernel.is_inference():
            return lkca(patches, self.kernel, grid, self.backend)
        dtype = product_dtype(patches)
        with torch.autocast(patches.device.type, enabled=False):
            return self.fold(grid, dtype)(patches.to(dtype))

    def fold(self, grid: tuple[int, int], dtype: torch.dtype | None = None) -> FoldedLKCA:
        """Returns the operator with this kernel as a constant; made once a grid and kept.

        It is dropped by ``train()`` and ``eval()``, and when the kernel changes in
        place, as an optimiser or ``load_state_dict`` change it. Writing to
        ``kernel.data`` goes unnoticed: call ``eval()`` after it.

        Args:
            grid: The grid (H, W).
            dtype: Type of the tokens to come; the kernel's if None.
        """
        dtype = dtype or self.kernel.dtype
        now = (self.kernel.data_ptr(), self.kernel._version, self.backend)
        if now != self._folded_from:
            self._folded, self._folded_from = {}, now
        key = (tuple(grid), dtype, self.kernel.device)
        if key not in self._folded:
            settings = (tuple(grid), self.embed_dims, dtype, self.backend)
            self._folded = {key: FoldedLKCA(self.kernel, *settings)}
        return self._folded[key]

    def train(self, mode: bool = True) -> 'LKCAMixer':
        """Sets training mode and drops what was folded."""
        self._folded = {}
        return super().train(mode)

    def __getstate__(self) -> dict[str, Any]:
        """Leaves what was folded out of copies and pickles."""
        return {**self.__dict__, '_folded': {}}

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
            print_log(
                f'{key}: {how} from {tuple(loaded.shape[1:])} to {size}',
                logger='current',
            )
            state_dict[key] = fitted
        super()._load_from_state_dict(state_dict, prefix, *args, **kwargs)
