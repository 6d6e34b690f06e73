"""LKCAViT as the encoder of a masked autoencoder."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from lkca_mm.errors import ConfigError
from lkca_mm.models.mixers import LKCAMixer, MHSAMixer
from lkca_mm.models.vit import LKCAViT, register_backbone
from lkca_mm.ops import lkca


def mix_visible(
    mixer: LKCAMixer, x: Tensor, kept: Tensor, grid: tuple[int, int], rescale: bool = True
) -> Tensor:
    """Mixes the visible tokens of a grid by LKCA, as if the others were not there.

    Args:
        mixer: The mixer.
        x: The visible tokens, of shape (B, V, C).
        kept: Their places on the grid, of shape (B, V), each in [0, H*W).
        grid: The grid (H, W).
        rescale: Whether what comes from other tokens is multiplied by (H*W - 1)/(V - 1).
            Over random masks the sum that reaches a visible token then has the mean
            that it has without a mask, and a kernel learned with masks fits whole
            grids. The token's own tap is always there and stays as it is.

    Returns:
        Mixed tokens of shape (B, V, C).
    """
    num_tokens, num_visible = grid[0] * grid[1], x.shape[1]
    value = mixer.value(x)
    places = kept[:, :, None].expand_as(value)
    whole = value.new_zeros(value.shape[0], num_tokens, value.shape[2])
    mixed = lkca(whole.scatter(1, places, value), mixer.kernel, grid, mixer.backend)
    mixed = mixed.gather(1, places)
    if rescale and num_visible > 1:
        rows, columns = mixer.kernel.shape[1:]
        centre = mixer.kernel[:, rows // 2, columns // 2]
        own = value * centre.repeat_interleave(value.shape[2] // len(centre)).to(value.dtype)
        mixed = own + (mixed - own) * ((num_tokens - 1) / (num_visible - 1))
    return mixer.project(mixed, x)


@register_backbone
class MAELKCAViT(LKCAViT):
    """The encoder of a masked autoencoder (He et al., arXiv 2111.06377), with LKCA.

    It goes with mmpretrain's ``MAE``, ``MAEPretrainDecoder`` and ``MAEPretrainHead``,
    and its weights have the names of :class:`LKCAViT`'s.

    Self-attention can run on any set of tokens, and MAE's encoder runs on the visible
    ones alone. LKCA's kernel is tied to the offsets on the grid. The usual way out is
    a mask token in every hidden place, as SimMIM has it. That suits a softmax, which can
    learn to give mask tokens no weight; LKCA's weights do not look at what they
    weigh, so three quarters of every sum would be one and the same vector, which no
    image has later. Here hidden places hold nothing instead: the kernel runs over
    the grid with zeros there, which leaves them out of every sum, and all else (norms,
    projections, MLPs) runs on the visible tokens alone. As in MAE the encoder never
    sees a mask token, and does a quarter of the work in the MLPs. A sum over fewer
    tokens is smaller; ``rescale`` makes up for it.

    There is no class token. The decoder's place for it takes the final norm of the mean
    of the visible tokens, which is what the classifiers read.

    Args:
        mask_ratio: Share of the patches that is hidden, in (0, 1).
        rescale: See :func:`mix_visible`.
        **settings: See :class:`VisionTrunk`. Layers of self-attention run on the
            visible tokens, as in MAE.

    Raises:
        ConfigError: If a setting has an impossible value.
    """

    def __init__(self, mask_ratio: float = 0.75, rescale: bool = True, **settings: Any) -> None:
        if settings.get('with_cls_token'):
            raise ConfigError('with_cls_token=True: MAELKCAViT has none; leave it out')
        super().__init__(**settings)
        num_tokens = self.grid[0] * self.grid[1]
        self.num_visible = round(num_tokens * (1 - mask_ratio)) if 0 < mask_ratio < 1 else 0
        if not 0 < self.num_visible < num_tokens:
            raise ConfigError(
                f'mask_ratio={mask_ratio} must hide some of the {num_tokens} patches, not all'
            )
        self.rescale = rescale

    def draw_mask(self, batch: int, device: torch.device) -> tuple[Tensor, Tensor, Tensor]:
        """Draws which patches stay visible, for each image on its own.

        Returns:
            The places of the visible tokens (B, V); the mask (B, H*W), 1 where a patch
            is hidden; and for each place its index in visible and hidden tokens in a
            row (B, H*W), by which the decoder puts them back.
        """
        num_tokens = self.grid[0] * self.grid[1]
        order = torch.rand(batch, num_tokens, device=device).argsort(dim=1)
        restore = order.argsort(dim=1)
        mask = (restore >= self.num_visible).float()
        return order[:, : self.num_visible], mask, restore

    def forward(self, image: Tensor, mask: bool | None = True) -> tuple[Tensor, ...]:
        """Encodes what a random mask leaves visible.

        Args:
            image: Images of shape (B, in_channels, height, width), of the training size
                when they are masked.
            mask: Whether to mask; without, the features of :class:`LKCAViT`.

        Returns:
            Tokens (B, 1 + V, C), the summary first; the mask (B, H*W), 1 where a patch
            is hidden; the order that restores the grid (B, H*W).

        Raises:
            ConfigError: If the images have another grid than ``img_size``.
        """
        if not mask:
            return super().forward(image)
        tokens, grid = self.embed(image)
        if grid != self.grid:
            raise ConfigError(
                f'img_size={self.img_size}: the images have a grid of {grid}, not {self.grid}'
            )
        kept, hidden, restore = self.draw_mask(len(tokens), tokens.device)
        tokens = tokens.gather(1, kept[:, :, None].expand(-1, -1, tokens.shape[2]))
        for layer in self.layers:
            if self.with_cp and tokens.requires_grad:
                tokens = checkpoint(self._layer, layer, tokens, kept, use_reentrant=False)
            else:
                tokens = self._layer(layer, tokens, kept)
        summary = tokens.mean(dim=1, keepdim=True)
        return self.final_norm(torch.cat((summary, tokens), dim=1)), hidden, restore

    def _layer(self, layer: nn.Module, tokens: Tensor, kept: Tensor) -> Tensor:
        """Runs one layer on the visible tokens."""
        mixed = self._mix(layer.mixer, layer.norm1(tokens), kept)
        tokens = tokens + layer.drop_path(mixed)
        return tokens + layer.drop_path(layer.mlp(layer.norm2(tokens)))

    def _mix(self, mixer: nn.Module, x: Tensor, kept: Tensor) -> Tensor:
        if isinstance(mixer, MHSAMixer):
            return mixer(x, self.grid)
        if isinstance(mixer, LKCAMixer):
            return mix_visible(mixer, x, kept, self.grid, self.rescale)
        return self._mix(mixer.lkca, x, kept) + self._mix(mixer.mhsa, x, kept)
