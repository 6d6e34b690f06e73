"""Token mixers, the trunk and the registered backbones."""

from lkca_mm.models.arch import ARCHS
from lkca_mm.models.backbones import LKCAViT, PlainViT
from lkca_mm.models.convert import convert_mmseg_vit
from lkca_mm.models.mixers import LKCAMixer, MHSAMixer, ParallelMixer
from lkca_mm.models.vision_trunk import VisionTrunk
from lkca_mm.models.vit_pytorch_backbone import VitPytorchBackbone
from lkca_mm.models.whole_batch_preprocessor import WholeBatchPreprocessor

__all__ = [
    'ARCHS',
    'LKCAMixer',
    'LKCAViT',
    'MHSAMixer',
    'ParallelMixer',
    'PlainViT',
    'VisionTrunk',
    'VitPytorchBackbone',
    'WholeBatchPreprocessor',
    'convert_mmseg_vit',
]
