"""Metrics that mmseg and mmpretrain lack, and the score that takes no learning."""

from lkca_mm.evaluation.majority import MajorityScore, count_pixels, score_majority
from lkca_mm.evaluation.top_iou import TopIoUMetric

__all__ = ['MajorityScore', 'TopIoUMetric', 'count_pixels', 'score_majority']
