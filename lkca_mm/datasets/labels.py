"""Checks that labels are ones that a model can be trained on."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from lkca_mm.errors import DataError

ACCEPT_PARTIAL = '(allow_partial=True, or --allow-partial on the command line, accepts it)'
"""How to have a part of a data set accepted, to be put at the end of an error."""


def as_labels(values: Any, path: object, first: int, last: int) -> np.ndarray:
    """Returns labels as an int64 vector.

    Args:
        values: What a file holds as its labels.
        path: The file, for the message.
        first: The lowest label.
        last: The highest label.

    Raises:
        DataError: They are no whole numbers, or one is out of range.
    """
    if isinstance(values, (list, tuple)) and any(isinstance(v, (list, tuple)) for v in values):
        # A few hundred bytes can hold lists of lists that would fill all memory as an array.
        raise DataError(f'{path} holds labels of uneven shape: copy it again')
    try:
        labels = np.asarray(values).reshape(-1)
    except (ValueError, OverflowError) as error:
        raise DataError(f'{path} holds labels of uneven shape: copy it again') from error
    if labels.dtype.kind == 'f' and np.array_equal(labels, np.floor(labels)):
        labels = labels.astype(np.int64)  # MATLAB's numbers are floats unless told otherwise
    if labels.dtype.kind not in 'iu':
        raise DataError(f'{path} holds labels that are no whole numbers: copy it again')
    wrong = np.flatnonzero((labels < first) | (labels > last))
    if len(wrong):
        raise DataError(
            f'{path} holds the label {labels[wrong[0]]} in row {wrong[0]} ({len(wrong)} such '
            f'labels): expected {first} to {last}'
        )
    return labels.astype(np.int64)


def check_class_counts(
    labels: np.ndarray, classes: Sequence[object], place: object, expected: int | None = None
) -> None:
    """Looks for examples of every class.

    Args:
        labels: Labels from 0 to ``len(classes) - 1``.
        classes: What the classes are called in the files.
        place: What holds the labels, for the message.
        expected: How many examples each class must have; any if None.

    Raises:
        DataError: A class has no example, or not as many as expected.
    """
    counts = np.bincount(labels, minlength=len(classes))
    missing = np.flatnonzero(counts == 0)
    if len(missing):
        raise DataError(
            f'{place} holds no example of class {classes[missing[0]]} ({len(missing)} such '
            f'classes): expected all {len(classes)} classes'
        )
    uneven = np.flatnonzero(counts != expected) if expected is not None else ()
    if len(uneven):
        raise DataError(
            f'{place} holds {counts[uneven[0]]} examples of class {classes[uneven[0]]} instead '
            f'of {expected} {ACCEPT_PARTIAL}'
        )
