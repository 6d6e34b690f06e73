"""The score that takes no learning: one class everywhere."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class MajorityScore:
    """What predicting the commonest class of the training masks scores.

    Attributes:
        class_index: That class.
        miou: Mean IoU over the classes that the scored masks contain, and that
            class, in percent.
        pixel_accuracy: Share of pixels that are right, in percent.
    """

    class_index: int
    miou: float
    pixel_accuracy: float


def count_pixels(masks: Iterable[np.ndarray], num_classes: int) -> np.ndarray:
    """Counts the pixels of each class; values from ``num_classes`` up are ignored.

    Args:
        masks: Masks of class indices, of any shape.
        num_classes: Number of classes.

    Returns:
        Counts of shape (num_classes,).
    """
    counts = np.zeros(num_classes, np.int64)
    for mask in masks:
        counts += np.bincount(mask.ravel(), minlength=num_classes)[:num_classes]
    return counts


def score_majority(training: np.ndarray, scored: np.ndarray) -> MajorityScore:
    """Scores the prediction of one class for every pixel.

    Args:
        training: Pixels a class in the training masks, of shape (num_classes,).
        scored: Pixels a class in the masks that are scored, of the same shape.

    Returns:
        The scores.
    """
    majority = int(training.argmax())
    right, total = int(scored[majority]), int(scored.sum())
    classes = int(np.count_nonzero(scored)) + (right == 0)
    # Its union is every pixel; the other classes that occur have an IoU of 0.
    return MajorityScore(majority, 100 * right / total / classes, 100 * right / total)
