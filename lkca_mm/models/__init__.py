"""Token mixers, the trunk and the registered backbones.

timm's names are registered by ``import lkca_mm.models.timm``.
"""

from lkca_mm.models.archs import ARCHS
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
from lkca_mm.models.preprocessor import WholeBatchPreprocessor, whole_batch_collate
from lkca_mm.models.pyramid import SimpleFeaturePyramid
from lkca_mm.models.rivals import VitPytorchBackbone
from lkca_mm.models.vit import LKCAViT, PlainViT, VisionTrunk, resample_position_embedding

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
    'whole_batch_collate',
]
