"""The README's first table: what was measured, each row from its record."""

from collections.abc import Callable
from math import ceil
from pathlib import Path
from typing import Any

from lkca_mm.errors import DataError
from lkca_mm.paper import load_models, load_table
from lkca_mm.report.runs import read_json
from lkca_mm.report.table import Table

_WORDS = ('no', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten')


def _rebuilt() -> list[str]:
    models = {stem: model for stem, model in load_models().items() if model.built_mflops}
    rows = [row for row in load_table(7).rows if row.config in models]

    def farthest(differences: list[float]) -> float:
        """Rounds up to the last digit that the paper prints."""
        return ceil(max(differences) * 100) / 100

    params = [abs(models[row.config].built_params - row.params) / 1e6 for row in rows]
    flops = [
        abs(models[row.config].built_mflops / 1e3 - row.flops / 1e9)
        for row in rows
        if row.flops < 1e11  # from there on print has three digits
    ]
    return [
        "paper's segmentation models rebuilt (Tables 6, 7)",
        f'all {_WORDS[len(models)]} models within {farthest(params):.2f}M parameters '
        f'and {farthest(flops):.2f}G FLOPs of the paper, or its three digits',
        _link('docs/errata.md'),
    ]


def _rebuilt_classifiers() -> list[str]:
    models = {stem: model for stem, model in load_models().items() if model.built_params}
    rows = {
        row.config: row
        for number in range(1, 6)
        for row in load_table(number).rows
        if row.config in models
    }
    misses = [
        f'{row.model} has {models[stem].counted_params / 1e6:.2f}M parameters instead of '
        f'{row.params / 1e6:.2f}M'
        for stem, row in rows.items()
        if models[stem].match != 'exact'
    ]
    return [
        "paper's classifiers rebuilt (Tables 1 to 5)",
        f'{len(rows) - len(misses)} of {len(rows)} to every printed digit of parameters and FLOPs; '
        + '; '.join(misses),
        _link('docs/errata.md'),
    ]


def _operator(record: dict[str, Any], path: str) -> list[str]:
    *smaller, largest = record['results']

    def ratios(result: dict[str, Any]) -> list[str]:
        names = ('depthwise conv2d', 'mhsa with SDPA')
        return [f'{result["times_faster_than"][name]:.1f}' for name in names]

    grid = largest['grid']
    convolution, attention = ratios(largest)
    others = ' and '.join(
        f'{result["grid"]}x{result["grid"]} ({", ".join(ratios(result))})'
        for result in reversed(smaller)
    )
    return [
        f'operator, forward + backward, {record["environment"]["threads"]} CPU cores, '
        f'{record["settings"]["dtype"]}, {grid}x{grid} tokens, {largest["channels"]} channels',
        f'{convolution} times faster than depthwise `conv2d`, '
        f'{attention} times faster than self-attention with SDPA',
        f'{_link(path)}, also {others}' if others else _link(path),
    ]


def _scores(record: dict[str, Any]) -> str:
    return ', '.join(f'{name} {record["scores"][name]:.2f}' for name in ('aAcc', 'mIoU', 'mIoU@10'))


def _by_heart(record: dict[str, Any], path: str) -> list[str]:
    pictures = record['pictures']
    return [
        f'LKCA-S UPerNet learns {pictures} real ADE20K pictures by heart '
        f'(scored on those {pictures})',
        _scores(record),
        _link(path),
    ]


def _camvid(name: str) -> Callable[[dict[str, Any], str], list[str]]:
    def row(record: dict[str, Any], path: str) -> list[str]:
        # results/camvid/train.sh trains with 4 pictures an iteration.
        length = f'{record["iterations"]} iterations of 4'
        return [f'CamVid test set, {name} UPerNet, {length}', _scores(record), _link(path)]

    return row


def _link(path: str) -> str:
    return f'[{path}]({path})'


_ROWS: dict[str, Callable[[dict[str, Any], str], list[str]]] = {
    'op_cpu.json': _operator,
    'ade20k-six/lkca-s.json': _by_heart,
    'camvid/lkca-s.json': _camvid('LKCA-S'),
    'camvid/vit-s.json': _camvid('ViT-S'),
}


def measured_table(results: str | Path) -> Table:
    """Returns the README's first table; a row whose record is missing is left out.

    Args:
        results: The folder of the records.

    Raises:
        DataError: If a record cannot be read or lacks a figure.
    """
    table = Table(
        'measured', ['measured', 'result', 'record'], [_rebuilt(), _rebuilt_classifiers()], left=3
    )
    before = None
    for name, row in _ROWS.items():
        path = Path(results) / name
        if not path.exists():
            continue
        record = read_json(path)
        try:
            cells = row(record, f'results/{name}')
            run = (Path(name).parent, record.get('seed'), record.get('iterations'))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise DataError(f'{path}: lacks a figure of the table `measured` ({error})') from error
        if run == before:
            cells[0] = ', '.join((*cells[0].split(', ')[:-1], 'same seed and iterations'))
        before = run
        table.rows.append(cells)
    return table
