"""Data sets and transforms that mmsegmentation and mmpretrain lack, or that check their files."""

from lkca_mm.datasets.camvid import CamVidDataset
from lkca_mm.datasets.checks import check_data
from lkca_mm.datasets.small import SVHN, CheckedCIFAR10, CheckedCIFAR100, TinyImageNet
from lkca_mm.datasets.transforms import LoadCheckedImage, LoadCheckedMask, TorchvisionAutoAugment

__all__ = [
    'SVHN',
    'CamVidDataset',
    'CheckedCIFAR10',
    'CheckedCIFAR100',
    'LoadCheckedImage',
    'LoadCheckedMask',
    'TinyImageNet',
    'TorchvisionAutoAugment',
    'check_data',
]
