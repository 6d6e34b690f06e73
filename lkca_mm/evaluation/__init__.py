"""Metrics that mmseg and mmpretrain lack."""

from lkca_mm.evaluation.top_iou import TopIoUMetric

__all__ = ['TopIoUMetric']
