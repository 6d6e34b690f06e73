"""The registered backbones: the trunk with the settings of the paper's two families."""

from typing import Any

from lkca_mm.models.registration import register_backbone
from lkca_mm.models.vision_trunk import VisionTrunk


@register_backbone
class LKCAViT(VisionTrunk):
    """ViT with LKCA in place of self-attention and without a class token (paper 3.2.3).

    The paper's text says that LKCA modules are interspersed among self-attention;
    the parameter counts of all its tables show LKCA in every layer, which is the
    default here. ``mixers=['mhsa', 'lkca']`` alternates the two.

    Args:
        **settings: See :class:`VisionTrunk`.
    """

    def __init__(self, **settings: Any) -> None:
        super().__init__(**{'mixers': 'lkca', 'with_cls_token': False, **settings})


@register_backbone
class PlainViT(VisionTrunk):
    """ViT as the baseline of the paper's tables: self-attention and a class token.

    Args:
        **settings: See :class:`VisionTrunk`.
    """

    def __init__(self, **settings: Any) -> None:
        super().__init__(**{'mixers': 'mhsa', 'with_cls_token': True, **settings})
