"""Metrics that mmseg lacks."""

from lkca_mm.evaluation.top_iou import TopIoUMetric

__all__ = ['TopIoUMetric']
