"""The paper's Tables 1 to 7 as data, beside what is known of each model by counting."""

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from lkca_mm.errors import ConfigError

DATASETS = {
    'cifar10': 'CIFAR-10',
    'cifar100': 'CIFAR-100',
    'svhn': 'SVHN',
    'tiny-imagenet': 'Tiny-ImageNet',
    'ade20k': 'ADE20K',
    'camvid': 'CamVid',
}


@dataclass(frozen=True)
class PaperModel:
    """One model of the tables and what rebuilding it has shown.

    Counts of classification models are for the images and classes of ``counted_on``, those of
    segmentation models for 512x512 pixels and 150 classes.

    Attributes:
        stem: The config that builds it: of a classification model without the schedule
            (``configs/<dataset>/<stem>_100e.py``), of a segmentation model whole.
        names: Every name under which the tables print it.
        counted_params: Parameters of a model that fits the printed counts, unused ones of the
            authors' included; the rivals' in round thousands.
        mflops: Its multiply-adds in millions, counted by the paper's rules.
        match: ``'exact'`` if both counts round to the printed ones, else ``'near'``.
        built_params: Parameters of the model that our config builds.
        built_mflops: Multiply-adds in millions that ``count_complexity`` finds in ours.
        counted_on: The data set whose config builds what was counted.
        counted_classes: Number of classes if it is not that of the data set.
        baseline: Stem of the ViT of the same size, of an LKCA model that has one.
        note: What else there is to know.
    """

    stem: str
    names: tuple[str, ...]
    counted_params: int
    mflops: float
    match: str
    built_params: int
    built_mflops: float | None = None
    counted_on: str = 'cifar10'
    counted_classes: int | None = None
    baseline: str | None = None
    note: str = ''


@dataclass(frozen=True)
class Row:
    """A row of a table.

    Attributes:
        model: The model's printed name.
        config: The stem of the config that builds it.
        params: Parameters as printed.
        flops: FLOPs as printed.
        printed: Scores in percent: top-1 accuracy by data set in Tables 1 to 5, ``'aAcc'`` and
            ``'mIoU@10'`` in Tables 6 and 7.
        head: ``'UPerNet'`` or ``'FPN'`` in Tables 6 and 7.
        iteration: Training iterations at which it was scored, in Tables 6 and 7.
    """

    model: str
    config: str
    params: int
    flops: int
    printed: dict[str, float]
    head: str = ''
    iteration: int | None = None


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
    rows: tuple[Row, ...]
    erratum: str = ''


@cache
def _content() -> dict[str, Any]:
    text = files('lkca_mm.paper').joinpath('tables.json').read_text(encoding='utf-8')
    return json.loads(text)


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
    for table in _content()['tables']:
        if table['number'] == number:
            rows = tuple(Row(**row) for row in table['rows'])
            return PaperTable(**{**table, 'datasets': tuple(table['datasets']), 'rows': rows})
    raise ConfigError(f'table {number!r}: the paper has Tables 1 to 7')
