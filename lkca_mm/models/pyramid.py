"""Maps of several strides from the one map of a plain trunk."""

from collections.abc import Sequence
from typing import Any

from mmengine.model import BaseModule
from mmengine.registry import MODELS as ENGINE_MODELS
from mmpretrain.models.utils import LayerNorm2d
from torch import Tensor, nn
from torch.nn import functional as F

from lkca_mm.errors import ConfigError


def _rescale(channels: int, scale: float) -> tuple[list[nn.Module], int]:
    """Returns the modules that change a map's size by ``scale``, and their channels."""
    if scale == 4:
        half, quarter = channels // 2, channels // 4
        twice = [nn.ConvTranspose2d(channels, half, 2, 2), LayerNorm2d(half), nn.GELU()]
        return [*twice, nn.ConvTranspose2d(half, quarter, 2, 2)], quarter
    if scale == 2:
        return [nn.ConvTranspose2d(channels, channels // 2, 2, 2)], channels // 2
    return ([] if scale == 1 else [nn.MaxPool2d(2, 2)]), channels


@ENGINE_MODELS.register_module()
class SimpleFeaturePyramid(BaseModule):
    """The pyramid of ViTDet (Li et al., arXiv 2203.16527): each level made of the last map.

    A plain trunk has one resolution, and detectors want strides 4 to 32 or 8 to 128.
    Each level enlarges the map by transposed convolutions or halves it by pooling,
    then passes a 1 x 1 and a 3 x 3 convolution, each with a LayerNorm of the channels.
    Levels beyond ``scales`` take every second pixel of the one before.

    It is registered at mmengine's root, so mmdet and mmseg find it alike.

    Args:
        in_channels: Channels C of the trunk.
        out_channels: Channels of every level.
        scales: What the levels multiply the map's size by, of 4, 2, 1 and 0.5. From
            patches of 16 pixels the default has strides 4, 8, 16 and 32.
        num_outs: Number of levels in all; as many as ``scales`` if None.
        init_cfg: Initialisation, as in every mmengine module.

    Raises:
        ConfigError: If a setting has an impossible value.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int = 256,
        scales: Sequence[float] = (4, 2, 1, 0.5),
        num_outs: int | None = None,
        init_cfg: dict[str, Any] | list[dict[str, Any]] | None = None,
    ) -> None:
        super().__init__(init_cfg=init_cfg)
        if not scales or any(scale not in (4, 2, 1, 0.5) for scale in scales):
            raise ConfigError(f'scales={scales!r} must be some of 4, 2, 1 and 0.5')
        divisor = 4 if 4 in scales else 2 if 2 in scales else 1
        if in_channels < 1 or in_channels % divisor:
            raise ConfigError(f'in_channels={in_channels} must be a multiple of {divisor}')
        num_outs = len(scales) if num_outs is None else num_outs
        if num_outs < len(scales):
            raise ConfigError(f'num_outs={num_outs} must be at least the {len(scales)} of scales')
        self.num_extra_levels = num_outs - len(scales)
        self.levels = nn.ModuleList()
        for scale in scales:
            modules, channels = _rescale(in_channels, scale)
            self.levels.append(
                nn.Sequential(
                    *modules,
                    nn.Conv2d(channels, out_channels, 1, bias=False),
                    LayerNorm2d(out_channels),
                    nn.Conv2d(out_channels, out_channels, 3, padding=1, bias=False),
                    LayerNorm2d(out_channels),
                )
            )

    def forward(self, features: Sequence[Tensor]) -> tuple[Tensor, ...]:
        """Makes the levels.

        Args:
            features: Maps of the trunk; the last one, of shape (B, C, H, W), is used.

        Returns:
            Maps of shape (B, out_channels, scale * H, scale * W), rounded down, then
            the extra levels, each half as large as the one before, rounded up.
        """
        maps = [level(features[-1]) for level in self.levels]
        for _ in range(self.num_extra_levels):
            maps.append(F.max_pool2d(maps[-1], kernel_size=1, stride=2))
        return tuple(maps)
