"""Trained models on single images, in mmseg's and mmpretrain's ways."""

from lkca_mm.apis.model import load_model
from lkca_mm.apis.predict import find_images, predict, preprocess, read_image

__all__ = ['find_images', 'load_model', 'predict', 'preprocess', 'read_image']
