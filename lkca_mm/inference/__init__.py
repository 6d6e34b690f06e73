"""Trained models on single images."""

from lkca_mm.inference.classification import draw_scores, predict_classification
from lkca_mm.inference.model import TrainedModel, load_model
from lkca_mm.inference.segmentation import predict_segmentation

__all__ = [
    'TrainedModel',
    'draw_scores',
    'load_model',
    'predict_classification',
    'predict_segmentation',
]
