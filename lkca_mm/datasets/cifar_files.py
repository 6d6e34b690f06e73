"""What a whole CIFAR is, and how to read it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from lkca_mm.datasets.array_pickle import load_array_pickle
from lkca_mm.datasets.files import Layout, check_files
from lkca_mm.datasets.labels import ACCEPT_PARTIAL, as_labels, check_class_counts
from lkca_mm.errors import DataError

_COLUMNS = 3 * 32 * 32


@dataclass(frozen=True)
class CifarLayout(Layout):
    """What CIFAR-10 or CIFAR-100 is made of.

    A file is known by what it holds, not by its checksum: copies that were
    written again, by another version of Python or numpy, hold the same pictures.

    Attributes:
        rows: The number of pictures in each file of a split.
        num_classes: The number of classes; all have as many pictures.
        label_key: What the labels are called in the files.
    """

    rows: Mapping[str, int]
    num_classes: int
    label_key: str


CIFAR10_LAYOUT = CifarLayout(
    tool_name='cifar10',
    folder='cifar-10-batches-py',
    files={
        'train': tuple(f'data_batch_{number}' for number in range(1, 6)),
        'test': ('test_batch',),
    },
    rows={'train': 10_000, 'test': 10_000},
    num_classes=10,
    label_key='labels',
)
CIFAR100_LAYOUT = CifarLayout(
    tool_name='cifar100',
    folder='cifar-100-python',
    files={'train': ('train',), 'test': ('test',)},
    rows={'train': 50_000, 'test': 10_000},
    num_classes=100,
    label_key='fine_labels',
)


def read_cifar(
    layout: CifarLayout, folder: Path, split: str, allow_partial: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """Reads one split of CIFAR and checks all that can be checked.

    Args:
        layout: What it is made of.
        folder: Where its files are.
        split: ``'train'`` or ``'test'``.
        allow_partial: Whether fewer (or more) pictures will do, as long as every
            file is there and every class occurs.

    Returns:
        The pixels (N, 3072), uint8, red before green before blue, and the labels (N,).

    Raises:
        DataError: A file is missing, cut off, damaged, or not of this data set.
    """
    check_files(layout, folder, split)
    wanted = None if allow_partial else layout.rows[split]
    parts = [_read_file(layout, folder / name, wanted) for name in layout.files[split]]
    pixels, labels = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
    each = None if allow_partial else len(labels) // layout.num_classes
    place = folder / layout.files[split][0] if len(parts) == 1 else f'{folder} ({split})'
    check_class_counts(labels, range(layout.num_classes), place, each)
    return pixels, labels


def count_cifar(layout: CifarLayout, folder: Path, allow_partial: bool = False) -> dict[str, int]:
    """Reads all splits and returns the number of pictures in each.

    Raises:
        DataError: As :func:`read_cifar` does.
    """
    return {
        split: len(read_cifar(layout, folder, split, allow_partial)[1]) for split in layout.files
    }


def _read_file(
    layout: CifarLayout, path: Path, wanted: int | None
) -> tuple[np.ndarray, np.ndarray]:
    content = load_array_pickle(path)
    if not isinstance(content, dict):
        raise DataError(f'{path} holds no dict: it is not a file of {layout.folder}')
    for key in ('data', layout.label_key):
        if key not in content:
            raise DataError(f'{path} has no key {key!r}: it is not a file of {layout.folder}')
    pixels = content['data']
    if not isinstance(pixels, np.ndarray) or pixels.dtype != np.uint8 or pixels.ndim != 2:
        raise DataError(f'{path} holds no table of bytes as its data: copy it again')
    rows, columns = pixels.shape
    if columns != _COLUMNS:
        raise DataError(
            f'{path} has {columns} columns instead of {_COLUMNS}: it does not hold pictures of '
            f'32x32 pixels'
        )
    labels = as_labels(content[layout.label_key], path, 0, layout.num_classes - 1)
    if len(labels) != rows:
        raise DataError(f'{path} holds {rows} pictures but {len(labels)} labels: copy it again')
    if wanted is not None and rows != wanted:
        raise DataError(
            f'{path} holds {rows} pictures instead of {wanted}: it is not the whole file '
            f'{ACCEPT_PARTIAL}'
        )
    return pixels, labels
