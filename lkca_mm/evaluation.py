"""The paper's segmentation scores side by side: aAcc, mIoU, and mIoU of the best classes."""

from typing import Any

import numpy as np
from mmengine.evaluator import Evaluator
from mmseg.evaluation import IoUMetric
from mmseg.registry import METRICS


def class_iou_of(evaluator: Evaluator) -> dict[str, float]:
    """Returns the IoU of each class in the last evaluation; {} of a classifier."""
    found = (getattr(metric, 'class_iou', {}) for metric in evaluator.metrics)
    return next(filter(None, found), {})


@METRICS.register_module()
class TopIoUMetric(IoUMetric):
    """mmseg's IoUMetric with the mean IoU of the best classes beside the mean of all.

    The paper prints "mIoU in 10 high-score categories" (Tables 6 and 7). We read
    it as the mean IoU of the ten classes whose IoU is highest in that evaluation.

    Args:
        top: How many classes ``mIoU@<top>`` averages.
        **settings: See :class:`mmseg.evaluation.IoUMetric`.

    Attributes:
        class_iou: IoU in percent of each class in the last evaluation, for the run's record.
    """

    def __init__(self, top: int = 10, **settings: Any) -> None:
        super().__init__(**settings)
        self.top = top
        self.class_iou: dict[str, float] = {}

    def compute_metrics(self, results: list[tuple[Any, ...]]) -> dict[str, float]:
        """Returns aAcc, mIoU, mAcc and mIoU@<top> in percent, of what mmseg counted."""
        metrics = super().compute_metrics(results)
        if self.format_only:
            return metrics
        intersection, union = (sum(counts) for counts in list(zip(*results, strict=True))[:2])
        iou = (intersection / union).numpy()
        percent = (round(100 * float(value), 2) for value in iou)
        self.class_iou = dict(zip(self.dataset_meta['classes'], percent, strict=True))
        best = np.sort(iou[~np.isnan(iou)])[::-1][: self.top]  # NaN: a class that is nowhere
        metrics[f'mIoU@{self.top}'] = round(100 * float(best.mean()), 2) if len(best) else np.nan
        return metrics
