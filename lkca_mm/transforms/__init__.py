"""Transforms that mmsegmentation and mmpretrain lack."""

from lkca_mm.transforms.auto_augment import TorchvisionAutoAugment
from lkca_mm.transforms.loading import LoadCheckedImage, LoadCheckedMask

__all__ = ['LoadCheckedImage', 'LoadCheckedMask', 'TorchvisionAutoAugment']
