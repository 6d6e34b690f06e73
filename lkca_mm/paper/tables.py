"""The paper's Tables 1 to 7 as data, beside what is known of each model by counting."""

import json
from importlib.resources import files
from typing import Any, NamedTuple

from lkca_mm.errors import ConfigError

DATASETS = {
    'cifar10': 'CIFAR-10',
    'cifar100': 'CIFAR-100',
    'svhn': 'SVHN',
    'tiny-imagenet': 'Tiny-ImageNet',
    'ade20k': 'ADE20K',
    'camvid': 'CamVid',
}


class PaperModel(NamedTuple):
    """One model of the tables and what rebuilding it has shown.

    Counts of classification models are for the images and classes of ``counted_on``, those of
    segmentation models for 512x512 pixels and 150 classes.
    """

    stem: str  # its config: configs/<data set>/<stem>_100e.py or, for segmentation, <stem>.py
    names: list[str]  # under which the tables print it
    counted_params: int  # of a model that fits the printed counts, unused ones included
    mflops: float  # its multiply-adds in millions, counted by the paper's rules
    match: str  # 'exact' if both counts are printed so, rounded or cut off, else 'near'
    built_params: int  # of the model that our config builds
    built_mflops: float | None = None  # what count_complexity finds in it
    counted_on: str = 'cifar10'  # the data set whose config builds what was counted
    counted_classes: int | None = None  # if not those of the data set
    baseline: str | None = None  # stem of the ViT of the same size, of an LKCA model
    note: str = ''


class Row(NamedTuple):
    """A row of a table, as printed."""

    model: str
    config: str  # the stem of the model
    params: int
    flops: int
    printed: dict[str, float]  # percent: top-1 by data set, or aAcc and mIoU@10
    head: str = ''  # Tables 6 and 7: UPerNet or FPN
    iteration: int | None = None  # Tables 6 and 7: training iterations at which it was scored


class PaperTable(NamedTuple):
    """One of the paper's tables."""

    number: int
    task: str  # 'classification' or 'segmentation'
    datasets: list[str]  # named as the folders in configs/
    rows: list[Row]  # in the printed order
    erratum: str = ''  # what is known to be wrong in print


def _content() -> dict[str, Any]:
    text = files('lkca_mm.paper').joinpath('tables.json').read_text(encoding='utf-8')
    return json.loads(text)


def load_models() -> dict[str, PaperModel]:
    """Returns every model of the tables, keyed by its stem."""
    return {model['stem']: PaperModel(**model) for model in _content()['models']}


def load_table(number: int) -> PaperTable:
    """Returns the paper's Table 1 to 7.

    Raises:
        ConfigError: If the paper has no such table.
    """
    for table in _content()['tables']:
        if table['number'] == number:
            return PaperTable(**{**table, 'rows': [Row(**row) for row in table['rows']]})
    raise ConfigError(f'table {number!r}: the paper has Tables 1 to 7')
