"""What a whole Tiny-ImageNet-200 is, and which label each of its images has."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from lkca_mm.datasets.files import Layout, check_files
from lkca_mm.datasets.labels import check_class_counts
from lkca_mm.datasets.tiny_imagenet_classes import CLASSES
from lkca_mm.errors import DataError

_LABELS = {wnid: label for label, wnid in enumerate(CLASSES)}
_SUFFIX = '.JPEG'


@dataclass(frozen=True)
class TinyImageNetLayout(Layout):
    """What Tiny-ImageNet-200 is made of.

    Attributes:
        each: The number of images of each class in each split.
    """

    each: Mapping[str, int]


TINY_IMAGENET_LAYOUT = TinyImageNetLayout(
    tool_name='tiny-imagenet',
    folder='tiny-imagenet-200',
    files={
        'train': ('wnids.txt', 'train'),
        'val': ('wnids.txt', 'val/val_annotations.txt', 'val/images'),
    },
    each={'train': 500, 'val': 50},
)


def list_tiny_imagenet(
    layout: TinyImageNetLayout, folder: Path, split: str, allow_partial: bool = False
) -> list[tuple[str, int]]:
    """Lists the images of one split, without opening one.

    Args:
        layout: What the data set is made of.
        folder: Where it is.
        split: ``'train'`` or ``'val'``.
        allow_partial: Whether fewer (or more) images of a class will do, as long
            as there is one.

    Returns:
        The path and the label of each image, sorted by path in training and as
        in val_annotations.txt otherwise. A label is the place of the class's
        WordNet number among all 200, sorted.

    Raises:
        DataError: A file or folder is missing or empty, or names something
            that is not there.
    """
    check_files(layout, folder, split)
    _check_wnids(folder / 'wnids.txt')
    listed = _list_train(folder / 'train') if split == 'train' else _list_val(folder / 'val')
    labels = np.array([label for _, label in listed])
    place = folder / layout.files[split][1]
    each = None if allow_partial else layout.each[split]
    check_class_counts(labels, list(CLASSES), place, each)
    return listed


def count_tiny_imagenet(
    layout: TinyImageNetLayout, folder: Path, allow_partial: bool = False
) -> dict[str, int]:
    """Lists all splits and returns the number of images in each.

    Raises:
        DataError: As :func:`list_tiny_imagenet` does.
    """
    return {
        split: len(list_tiny_imagenet(layout, folder, split, allow_partial))
        for split in layout.files
    }


def _read_lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding='utf-8').splitlines()
    except OSError as error:
        raise DataError(f'{path} cannot be read: {error.strerror or error}') from error
    except UnicodeDecodeError as error:
        raise DataError(f'{path} is not a text file: copy it again') from error


def _images(folder: Path) -> list[str]:
    """Returns the sorted names of the images in a folder."""
    try:
        with os.scandir(folder) as entries:
            return sorted(
                entry.name
                for entry in entries
                if entry.name.endswith(_SUFFIX) and not entry.name.startswith('.')
            )
    except OSError as error:
        raise DataError(f'{folder} cannot be listed: {error.strerror or error}') from error


def _check_wnids(path: Path) -> None:
    """Compares the list of classes with the one that the labels stand for."""
    wnids = {line.strip() for line in _read_lines(path)} - {''}
    for found, expected, problem in (
        (wnids, CLASSES.keys(), 'lists {!r}, which is not a class of Tiny-ImageNet-200'),
        (CLASSES.keys(), wnids, 'does not list the class {!r}'),
    ):
        odd = sorted(found - expected)
        if odd:
            raise DataError(f'{path} {problem.format(odd[0])} ({len(odd)} such): copy it again')


def _list_train(folder: Path) -> list[tuple[str, int]]:
    listed = []
    for wnid, label in _LABELS.items():
        images = folder / wnid / 'images'
        if not images.is_dir():
            raise DataError(f'{images} does not exist: expected the images of class {wnid}')
        names = _images(images)
        if not names:
            raise DataError(f'{images} holds no {_SUFFIX} files: expected those of class {wnid}')
        listed += [(f'{images}{os.sep}{name}', label) for name in names]
    return listed


def _list_val(folder: Path) -> list[tuple[str, int]]:
    path, images = folder / 'val_annotations.txt', folder / 'images'
    present = set(_images(images))
    listed: dict[str, int] = {}
    for number, line in enumerate(_read_lines(path), start=1):
        # The name, the class, and a bounding box that nobody needs here.
        name, tab, rest = line.partition('\t')
        wnid = rest.partition('\t')[0]
        problem = None
        if not tab or not name or not wnid:
            problem = f'is {line[:80]!r}: expected an image and a class, with tabs between'
        elif wnid not in _LABELS:
            problem = f'names the class {wnid!r}, which is not one of Tiny-ImageNet-200'
        elif name not in present:
            problem = f'names {name!r}, but there is no {images / name}'
        elif name in listed:
            problem = f'names {name!r} for the second time'
        if problem is not None:
            raise DataError(f'{path} line {number} {problem}')
        listed[name] = _LABELS[wnid]
    if not listed:
        raise DataError(f'{path} is empty: copy it again')
    odd = sorted(present - listed.keys())
    if odd:
        raise DataError(
            f'{images / odd[0]} is not in {path} ({len(odd)} such images): copy both again '
            f'or remove the images'
        )
    return [(f'{images}{os.sep}{name}', label) for name, label in listed.items()]
