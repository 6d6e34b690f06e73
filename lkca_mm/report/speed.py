"""Speed of models, training loops and pipelines, from what ``tools/benchmark.py`` wrote."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from lkca_mm.errors import DataError
from lkca_mm.report.runs import read_json
from lkca_mm.report.table import Table

_MODELS = [
    'config', 'image', 'batch', 'type', 'mode', 'training, images/s', 'inference, images/s',
    'peak of a step, MiB', 'record',
]  # fmt: skip
_LOOPS = ['config', 'batch', 'bare step, ms', 'loop / bare step', 'waits for data', 'record']
_DATA = ['config', 'images/s on one core', 'slowest stage', 'record']


def _model(result: dict[str, Any]) -> list[str]:
    return [
        Path(result['config']).stem,
        'x'.join(map(str, result['image_size'])),
        str(result['batch_size']),
        result['precision'],
        result['mode'],
        f'{result["train_images_per_second"]:.2f}',
        f'{result["infer_images_per_second"]:.2f}',
        f'{result["train_peak_mib"]:,.0f}',
    ]


def _loop(result: dict[str, Any]) -> list[str]:
    return [
        Path(result['config']).stem,
        str(result['batch_size']),
        f'{result["microseconds"]["bare"] / 1e3:.1f}',
        f'{result["times_bare"]:.2f}',
        f'{100 * result["data_share"]:.1f}%',
    ]


def _pipeline(result: dict[str, Any]) -> list[str]:
    stages = result['microseconds']
    slowest = max(stages, key=stages.__getitem__)
    return [
        f'{Path(result["config"]).parent.name}/{Path(result["config"]).stem}',
        f'{result["images_per_second"]:,.0f}',
        f'{slowest}, {stages[slowest]:.0f} us',
    ]


# By the table's name: its columns, how many hold text, the records and what a row shows.
_TABLES: dict[str, tuple[list[str], int, str, Callable[[dict[str, Any]], list[str]]]] = {
    'models': (_MODELS, 5, 'model_*.json', _model),
    'loops': (_LOOPS, 1, 'train_*.json', _loop),
    'pipelines': (_DATA, 1, 'data_*.json', _pipeline),
}


def speed_tables(results: str | Path) -> list[Table]:
    """Returns the tables ``models``, ``loops`` and ``pipelines``, a row a measurement.

    Args:
        results: The folder of the records.

    Raises:
        DataError: If a record cannot be read or lacks a figure.
    """
    tables = []
    for name, (columns, left, pattern, cells) in _TABLES.items():
        table = Table(name, columns, left=left)
        for path in sorted(Path(results).glob(pattern)):
            try:
                rows = [cells(result) for result in read_json(path)['results']]
            except (KeyError, TypeError, ValueError) as error:
                raise DataError(
                    f'{path}: lacks a figure of the table `{name}` ({error})'
                ) from error
            table.rows += [[*row, f'[{path.stem}](../results/{path.name})'] for row in rows]
        tables.append(table)
    return tables
