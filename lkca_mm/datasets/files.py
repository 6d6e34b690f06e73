"""Looks for the files of a data set that lies as its publisher laid it out."""

import inspect
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mmpretrain.registry import DATASETS

from lkca_mm.errors import DataError


@dataclass(frozen=True)
class Layout:
    """What a published data set is made of.

    Attributes:
        tool_name: What ``tools/prepare_data.py`` calls it.
        folder: The name of its folder.
        files: The files and folders of each split, relative to the folder.
    """

    tool_name: str
    folder: str
    files: Mapping[str, tuple[str, ...]]


class LaidOut:
    """A data set class that can say which files it is going to read.

    Attributes:
        LAYOUT: What the data set is made of.
    """

    LAYOUT: Layout

    @classmethod
    def locate(cls, cfg: Mapping[str, Any]) -> Path:
        """Returns the data set's folder, given the arguments of the class."""
        return Path(cfg.get('data_root') or '')


def prepare_hint(tool_name: str, folder_name: str, folder: Path) -> str:
    """Returns how to get a data set, to be put at the end of an error.

    Args:
        tool_name: What ``tools/prepare_data.py`` calls it.
        folder_name: The name of the folder that the tool makes.
        folder: Where the data set was looked for.
    """
    elsewhere = folder.name == folder_name and folder.parent != Path('data')
    option = f' --root {folder.parent}' if elsewhere else ''
    return f'; get it with: python tools/prepare_data.py {tool_name}{option}'


def check_split(layout: Layout, split: str) -> None:
    """Raises a DataError if there is no such split."""
    if not isinstance(split, str) or split not in layout.files:
        names = ', '.join(map(repr, layout.files))
        raise DataError(f'{layout.folder} has no split {split!r}: expected one of {names}')


def check_files(layout: Layout, folder: Path, split: str) -> None:
    """Looks for the files of one split.

    Raises:
        DataError: There is no such split, or a file is missing.
    """
    check_split(layout, split)
    for name in layout.files[split]:
        if not (folder / name).exists():
            hint = prepare_hint(layout.tool_name, layout.folder, folder)
            raise DataError(f'{folder / name} does not exist{hint}')


def innermost(cfg: Any) -> Iterator[Mapping[str, Any]]:
    """Yields the data set configs inside ``RepeatDataset``, ``ConcatDataset`` and the like."""
    if not isinstance(cfg, Mapping):
        return
    inner = cfg.get('datasets', cfg.get('dataset'))
    if inner is None:
        yield cfg
    else:
        for one in inner if isinstance(inner, list | tuple) else [inner]:
            yield from innermost(one)


def check_classification_files(dataset_cfg: Mapping[str, Any]) -> None:
    """Looks for the files that a config of this package's classification data promises.

    Nothing is read. Data sets of other classes are left alone, and so are those
    that the config allows to download.

    Args:
        dataset_cfg: A data set config, wrapped (``RepeatDataset``,
            ``ConcatDataset`` and the like) or not.

    Raises:
        DataError: There is no such split, or a file is missing.
    """
    for cfg in innermost(dataset_cfg):
        kind = cfg.get('type')
        kind = DATASETS.get(kind) if isinstance(kind, str) else kind
        if inspect.isclass(kind) and issubclass(kind, LaidOut) and not cfg.get('download'):
            check_files(kind.LAYOUT, kind.locate(cfg), cfg.get('split', 'train'))
