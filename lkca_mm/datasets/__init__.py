"""Data sets that mmsegmentation lacks."""

from lkca_mm.datasets.camvid import CamVidDataset

__all__ = ['CamVidDataset']
