"""Data sets that mmsegmentation and mmpretrain lack, or that check their files."""

from lkca_mm.datasets.camvid import CamVidDataset
from lkca_mm.datasets.cifar import CheckedCIFAR10, CheckedCIFAR100
from lkca_mm.datasets.collate import whole_batch_collate
from lkca_mm.datasets.skipping import SkippingDataset
from lkca_mm.datasets.svhn import SVHN
from lkca_mm.datasets.tiny_imagenet import TinyImageNet

__all__ = [
    'SVHN',
    'CamVidDataset',
    'CheckedCIFAR10',
    'CheckedCIFAR100',
    'SkippingDataset',
    'TinyImageNet',
    'whole_batch_collate',
]
