"""Registration where every OpenMMLab config can find a backbone by its bare name."""

from mmengine.registry import MODELS as ENGINE_MODELS
from mmpretrain.registry import MODELS as PRETRAIN_MODELS
from mmseg.registry import MODELS as SEG_MODELS
from torch import nn


def register_backbone(backbone: type[nn.Module]) -> type[nn.Module]:
    """Registers a class for mmseg, mmpretrain and, through the root, any other package."""
    for registry in (ENGINE_MODELS, SEG_MODELS, PRETRAIN_MODELS):
        registry.register_module(module=backbone)
    return backbone
