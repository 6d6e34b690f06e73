"""Token mixers, the trunk and the registered backbones."""

from lkca_mm.models.arch import ARCHS
from lkca_mm.models.backbones import LKCAViT, PlainViT
from lkca_mm.models.constructors import (
    lkca_b,
    lkca_l,
    lkca_t,
    lkca_vit_base,
    lkca_vit_small,
    plain_vit_base,
    plain_vit_small,
)
from lkca_mm.models.convert import convert_mmseg_vit
from lkca_mm.models.mae import MAELKCAViT
from lkca_mm.models.mixers import LKCAMixer, MHSAMixer, ParallelMixer
from lkca_mm.models.position_embedding import resample_position_embedding
from lkca_mm.models.simple_feature_pyramid import SimpleFeaturePyramid
from lkca_mm.models.timm_registration import register_in_timm
from lkca_mm.models.vision_trunk import VisionTrunk
from lkca_mm.models.vit_pytorch_backbone import VitPytorchBackbone
from lkca_mm.models.whole_batch_preprocessor import WholeBatchPreprocessor

register_in_timm()

__all__ = [
    'ARCHS',
    'LKCAMixer',
    'LKCAViT',
    'MAELKCAViT',
    'MHSAMixer',
    'ParallelMixer',
    'PlainViT',
    'SimpleFeaturePyramid',
    'VisionTrunk',
    'VitPytorchBackbone',
    'WholeBatchPreprocessor',
    'convert_mmseg_vit',
    'lkca_b',
    'lkca_l',
    'lkca_t',
    'lkca_vit_base',
    'lkca_vit_small',
    'plain_vit_base',
    'plain_vit_small',
    'resample_position_embedding',
]
