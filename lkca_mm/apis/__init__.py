"""Trained models on single images, in mmseg's and mmpretrain's ways."""

from lkca_mm.apis.model import find_test_dataset, load_model
from lkca_mm.apis.predict import find_images, predict, preprocess, read_image, top_classes

__all__ = [
    'find_images',
    'find_test_dataset',
    'load_model',
    'predict',
    'preprocess',
    'read_image',
    'top_classes',
]
