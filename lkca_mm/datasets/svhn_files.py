"""What a whole SVHN is, and how to read it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from lkca_mm.datasets.files import Layout, check_files
from lkca_mm.datasets.labels import ACCEPT_PARTIAL, as_labels, check_class_counts
from lkca_mm.datasets.matlab import read_matlab
from lkca_mm.errors import DataError


@dataclass(frozen=True)
class SvhnLayout(Layout):
    """What SVHN's cropped digits are made of.

    Attributes:
        rows: The number of digits in each split.
    """

    rows: Mapping[str, int]


SVHN_LAYOUT = SvhnLayout(
    tool_name='svhn',
    folder='svhn',
    files={split: (f'{split}_32x32.mat',) for split in ('train', 'test', 'extra')},
    rows={'train': 73_257, 'test': 26_032, 'extra': 531_131},
)


def read_svhn(
    layout: SvhnLayout, folder: Path, split: str, allow_partial: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """Reads one split of SVHN and checks all that can be checked.

    Args:
        layout: What it is made of.
        folder: Where its files are.
        split: ``'train'``, ``'test'`` or ``'extra'``.
        allow_partial: Whether fewer (or more) digits will do, as long as every
            class occurs.

    Returns:
        The pixels as in the file (32, 32, 3, N), uint8, RGB, and the labels (N,),
        which are the digits.

    Raises:
        DataError: The file is missing, cut off, damaged, or not of this data set.
    """
    check_files(layout, folder, split)
    path = folder / layout.files[split][0]
    content = read_matlab(path, ('X', 'y'))
    for key in ('X', 'y'):
        if key not in content:
            raise DataError(f'{path} holds no variable {key!r}: it is not a file of SVHN')
    pixels = content['X']
    if pixels.dtype != np.uint8 or pixels.ndim != 4 or pixels.shape[:3] != (32, 32, 3):
        raise DataError(
            f'{path} holds X as {pixels.dtype} {pixels.shape}: expected uint8 (32, 32, 3, N)'
        )
    labels = as_labels(content['y'], path, 1, 10) % 10  # the file calls the digit 0 a 10
    rows = pixels.shape[3]
    if len(labels) != rows:
        raise DataError(f'{path} holds {rows} pictures but {len(labels)} labels: copy it again')
    if rows != layout.rows[split] and not allow_partial:
        raise DataError(
            f'{path} holds {rows} pictures instead of {layout.rows[split]}: it is not the '
            f'official split {ACCEPT_PARTIAL}'
        )
    check_class_counts(labels, range(10), path)
    return pixels, labels


def count_svhn(layout: SvhnLayout, folder: Path, allow_partial: bool = False) -> dict[str, int]:
    """Reads the splits for training and testing; returns the number of digits in each.

    Raises:
        DataError: As :func:`read_svhn` does.
    """
    return {
        split: len(read_svhn(layout, folder, split, allow_partial)[1])
        for split in ('train', 'test')
    }
