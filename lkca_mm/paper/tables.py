"""Reading ``tables.json``: what the paper prints, row by row."""

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from lkca_mm.errors import ConfigError


@dataclass(frozen=True)
class PaperModel:
    """One model of the tables and what rebuilding it has shown.

    Counts of classification models are for the pictures and classes of the data
    set ``counted_on``, those of segmentation models for 512x512 and 150.

    Attributes:
        stem: The config that builds it: of a classification model without the
            schedule (``configs/<dataset>/<stem>_100e.py``), of a segmentation
            model whole.
        names: Every name under which the tables print it.
        counted_params: Parameters of a model that fits the printed counts,
            dead ones of the authors' included; the rivals' in round thousands.
        mflops: Its multiply-adds in millions, counted by the paper's rules.
        match: ``'exact'`` if both counts round to the printed ones, else ``'near'``.
        built_params: Parameters of the model that our config builds.
        built_mflops: Multiply-adds in millions as ``lkca_mm.complexity`` counts ours.
        counted_on: The data set whose config builds what was counted: CIFAR-10, where
            the paper prints the same counts for all, or Tiny-ImageNet.
        counted_classes: Number of classes if it is not that of the data set.
        baseline: Stem of the ViT of the same size, of an LKCA model that has one.
        note: What else there is to know.
    """

    stem: str
    names: tuple[str, ...]
    counted_params: int
    mflops: float
    match: str
    built_params: int | None = None
    built_mflops: float | None = None
    counted_on: str = 'cifar10'
    counted_classes: int | None = None
    baseline: str | None = None
    note: str = ''


@dataclass(frozen=True)
class ClassificationRow:
    """A row of Tables 1 to 5.

    Attributes:
        model: The model's printed name.
        config: The stem of the config that builds it.
        params: Parameters as printed.
        flops: FLOPs as printed.
        top1: Top-1 accuracy in percent, keyed by data set.
    """

    model: str
    config: str
    params: int
    flops: int
    top1: dict[str, float]


@dataclass(frozen=True)
class SegmentationRow:
    """A row of Tables 6 and 7.

    Attributes:
        model: The backbone's printed name.
        head: ``'UPerNet'`` or ``'FPN'``.
        iteration: Training iterations at which it was scored.
        config: The stem of the config that builds it.
        params: Parameters as printed.
        flops: FLOPs as printed.
        aacc: Accuracy over all pixels, in percent.
        miou_top10: mIoU of the ten classes with the highest IoU, in percent.
    """

    model: str
    head: str
    iteration: int
    config: str
    params: int
    flops: int
    aacc: float
    miou_top10: float


@dataclass(frozen=True)
class PaperTable:
    """One of the paper's tables.

    Attributes:
        number: Its number.
        task: ``'classification'`` or ``'segmentation'``.
        datasets: Its data sets, named as the folders in ``configs/``.
        rows: Its rows in the printed order.
        erratum: What is known to be wrong in print.
    """

    number: int
    task: str
    datasets: tuple[str, ...]
    rows: tuple[ClassificationRow, ...] | tuple[SegmentationRow, ...]
    erratum: str = ''


@cache
def _content() -> dict[str, Any]:
    text = files('lkca_mm.paper').joinpath('tables.json').read_text(encoding='utf-8')
    return json.loads(text)


def _segmentation_row(row: dict[str, Any]) -> SegmentationRow:
    renamed = {'aAcc': 'aacc', 'mIoU_top10': 'miou_top10'}
    return SegmentationRow(**{renamed.get(key, key): value for key, value in row.items()})


def load_models() -> dict[str, PaperModel]:
    """Returns every model of the tables, keyed by its stem."""
    models = (PaperModel(**{**m, 'names': tuple(m['names'])}) for m in _content()['models'])
    return {model.stem: model for model in models}


def load_table(number: int) -> PaperTable:
    """Returns one of the paper's tables.

    Args:
        number: 1 to 7.

    Raises:
        ConfigError: If the paper has no such table.
    """
    tables = {table['number']: table for table in _content()['tables']}
    if number not in tables:
        raise ConfigError(f'table {number!r}: the paper has Tables {min(tables)} to {max(tables)}')
    table = tables[number]
    if table['task'] == 'classification':
        # A copy, because the row's dict would otherwise be that of every caller.
        rows = tuple(
            ClassificationRow(**{**row, 'top1': dict(row['top1'])}) for row in table['rows']
        )
    else:
        rows = tuple(_segmentation_row(row) for row in table['rows'])
    return PaperTable(
        number, table['task'], tuple(table['datasets']), rows, table.get('erratum', '')
    )
