"""Transforms that mmsegmentation lacks."""

from lkca_mm.transforms.loading import LoadCheckedImage, LoadCheckedMask

__all__ = ['LoadCheckedImage', 'LoadCheckedMask']
