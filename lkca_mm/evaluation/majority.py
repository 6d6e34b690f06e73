"""The score that takes no learning: one class everywhere."""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np


class MajorityScore(NamedTuple):
    """What predicting one class everywhere scores: its index, mIoU and pixel accuracy in percent.

    The mean is over the classes that the scored masks contain, and that class.
    """

    class_index: int
    miou: float
    pixel_accuracy: float


def count_pixels(masks: Iterable[np.ndarray], num_classes: int) -> np.ndarray:
    """Counts the pixels of each class; values from ``num_classes`` up are ignored."""
    counts = np.zeros(num_classes, np.int64)
    for mask in masks:
        counts += np.bincount(mask.ravel(), minlength=num_classes)[:num_classes]
    return counts


def score_majority(training: np.ndarray, scored: np.ndarray) -> MajorityScore:
    """Scores the commonest class of the training masks.

    Args:
        training: Pixels of each class in the training masks, of shape (num_classes,).
        scored: Pixels of each class in the masks that are scored, of the same shape.
    """
    majority = int(training.argmax())
    right, total = int(scored[majority]), int(scored.sum())
    classes = int(np.count_nonzero(scored)) + (right == 0)
    # Its union is every pixel; the other classes that occur have an IoU of 0.
    return MajorityScore(majority, 100 * right / total / classes, 100 * right / total)
