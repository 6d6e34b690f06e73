"""The tables of the README and docs, from the records in ``results/``."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from math import hypot
from pathlib import Path
from statistics import mean, stdev
from typing import Any

from lkca_mm.errors import DataError
from lkca_mm.paper.tables import DATASETS, load_models, load_table
from lkca_mm.record import TOP1, Run, group_seeds, load_runs, read_record

Group = list[Run]
"""Finished runs that differ in nothing but their seed."""


@dataclass
class Table:
    """Cells are texts, empty where nothing was measured."""

    name: str  # what the markers in documents call it
    columns: list[str]
    rows: list[list[str]] = field(default_factory=list)
    left: int = 1  # how many columns, from the first, hold words and not figures
    notes: list[str] = field(default_factory=list)  # sentences below it

    def markdown(self, aligned: bool = False) -> str:
        """Returns the table in Markdown, its notes below it.

        Args:
            aligned: Whether columns are as wide as their widest cell, for a terminal.
        """
        if not self.rows:
            return 'Nothing measured yet.'
        rows = [[cell.replace('|', '\\|') for cell in row] for row in (self.columns, *self.rows)]
        sides = ['<' if index < self.left else '>' for index in range(len(self.columns))]
        if aligned:
            widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
            rows = [[f'{c:{a}{w}}' for c, a, w in zip(r, sides, widths, strict=True)] for r in rows]
        head, *body = (f'| {" | ".join(row)} |' for row in rows)
        rule = '|'.join('---' if side == '<' else '---:' for side in sides)
        return '\n'.join([head, f'|{rule}|', *body, *(f'\n{note}' for note in self.notes)])


def mean_sd(values: list[float]) -> str:
    """Returns ``'mean ± sd (n)'``; one value has no standard deviation."""
    spread = f' ± {stdev(values):.2f}' if len(values) > 1 else ''
    return f'{mean(values):.2f}{spread} (n={len(values)})' if values else ''


def difference(values: list[float], baseline: list[float]) -> str:
    """Returns the difference of two means and, if both have one, its standard deviation.

    The latter is that of the difference between one run of each.
    """
    spread = ''
    if min(len(values), len(baseline)) > 1:
        spread = f' ± {hypot(stdev(values), stdev(baseline)):.2f}'
    return f'{mean(values) - mean(baseline):+.2f}{spread}'


def _final(group: Group) -> list[float]:
    return [run['final'][TOP1] for run in group if run['final'].get(TOP1) is not None]


def _score(group: Group) -> str:
    return mean_sd(_final(group))


def _tested(group: Group, metric: str) -> str:
    return mean_sd([run['test']['scores'][metric] for run in group if 'test' in run])


def _printed(group: Group) -> str:
    rows = (row for number in range(1, 6) for row in load_table(number).rows)
    found = [row.printed for row in rows if row.config == group[0]['model']]
    scores = {name: score for printed in found for name, score in printed.items()}
    return str(scores.get(group[0]['dataset'], ''))


_COLUMNS: dict[str, Callable[[Group], str]] = {
    'data set': lambda group: DATASETS.get(group[0]['dataset'], group[0]['dataset']),
    'config': lambda group: group[0].experiment.rpartition('/')[2],
    'params': lambda group: f'{group[0]["params"]:,}',
    'schedule': lambda group: group[0].label,
    'top-1': _score,
    'top-1 in the paper': _printed,
    # Of a segmentor on the test set, which tools/test.py scores after training.
    **{metric: partial(_tested, metric=metric) for metric in ('aAcc', 'mIoU', 'mIoU@10')},
}
_GAIN = 'over the first'


def _experiments(name: str, spec: dict[str, Any], groups: list[Group]) -> Table:
    """Returns a row for each experiment that has finished runs.

    A row of ``spec`` is its labels and, last, a config, or data set and model where every schedule
    counts. Differences are from the first row of the same data set and recipe.
    """
    columns = spec['columns']
    left = len(spec['labels']) + len({'data set', 'config', 'schedule'} & {*columns})
    table, first = Table(name, [*spec['labels'], *columns], left=left), {}
    for *labels, key in spec['rows']:
        for group in (group for group in groups if key in _keys(group)):
            baseline = first.setdefault((group[0]['dataset'], group[0].recipe), group)
            cells = [*labels, *(_COLUMNS[name](group) for name in columns if name != _GAIN)]
            if _GAIN in columns:
                gain = '' if group is baseline else difference(_final(group), _final(baseline))
                cells.insert(len(spec['labels']) + columns.index(_GAIN), gain)
            table.rows.append(cells)
    return table


def _keys(group: Group) -> tuple[str, str]:
    return group[0].experiment, f'{group[0]["dataset"]}/{group[0]["model"]}'


def _paper(name: str, numbers: tuple[int, ...], groups: list[Group]) -> Table:
    """Returns tables of the paper with the same rows, beside our runs of their own configs."""
    papers, models = [load_table(number) for number in numbers], load_models()
    table = Table(name, ['model', 'config', 'params', 'params, built', 'FLOPs'], left=2)
    for row in papers[0].rows:
        counts = [f'{row.params / 1e6:.2f}M', f'{models[row.config].built_params:,}']
        table.rows.append([row.model, row.config, *counts, f'{row.flops / 1e6:.2f}M'])
    for paper, dataset in [(table, name) for table in papers for name in table.datasets]:
        experiments = {f'{dataset}/{row.config}_100e': row.config for row in paper.rows}
        here = [group for group in groups if group[0].experiment in experiments]
        labels = sorted({group[0].label for group in here})
        table.columns += [DATASETS[dataset], *(f'{DATASETS[dataset]}, ours, {x}' for x in labels)]
        for cells, row in zip(table.rows, paper.rows, strict=True):
            cells.append(f'{row.printed[dataset]:.2f}')
            mine = [group for group in here if experiments[group[0].experiment] == row.config]
            cells += ['; '.join(_score(g) for g in mine if g[0].label == x) for x in labels]
    return table


def _measured(rows: list[list[str]], results: Path) -> Table:
    """Returns a row for each record that is there: its result is a format of the record's keys."""
    models = {row.config: row.model for n in range(1, 8) for row in load_table(n).rows}
    misses = [name for stem, name in models.items() if load_models()[stem].match != 'exact']
    text = f'{len(models) - len(misses)} of {len(models)} to every printed digit of parameters '
    text += f'and FLOPs, rounded or cut off; not {", ".join(misses)}'
    table = Table('measured', ['measured', 'result', 'record'], left=3)
    table.rows.append(["the paper's models, rebuilt", text, '[docs/errata.md](docs/errata.md)'])
    for what, text, name in rows:
        if (results / name).exists():
            link = f'[results/{name}](results/{name})'
            table.rows.append([what, text.format(**read_record(results / name)), link])
    return table


def _benchmark(name: str, spec: dict[str, Any], results: Path) -> Table:
    """Returns a row for each result in the records: a column is a format of its keys."""
    table = Table(name, [*spec['columns']], left=spec['left'])
    for path in sorted(results.glob(spec['records'])):
        for result in read_record(path)['results']:
            keys = result | {'record': path.stem, 'stem': Path(result.get('config', '')).stem}
            times = result.get('milliseconds', {})
            if backends := {k: t for k, t in times.items() if k not in ('auto', 'mhsa', 'bound')}:
                keys['best'] = min(backends, key=backends.__getitem__)
                keys['auto_over_best'] = times['auto'] / times[keys['best']]
            table.rows.append([_format(text, keys) for text in spec['columns'].values()])
    return table


def _format(text: str, keys: dict[str, Any]) -> str:
    try:
        return text.format(**keys)
    except KeyError:  # not measured: a rival that is too slow
        return ''


_PAPER = {f'table{n}': (n,) for n in range(1, 6)} | {'tables1-3': (1, 2, 3)}


def build_tables(results: str | Path) -> dict[str, Table]:
    """Returns every table, keyed by its name.

    Args:
        results: The folder of the records, with ``tables.json``: which of them stand where.
    """
    results = Path(results)
    groups, specs = group_seeds(load_runs(results)), read_record(results / 'tables.json')
    tables = [
        _measured(specs['measured'], results),
        *(_experiments(name, spec, groups) for name, spec in specs['experiments'].items()),
        *(_paper(name, numbers, groups) for name, numbers in _PAPER.items()),
        *(_benchmark(name, spec, results) for name, spec in specs['benchmarks'].items()),
    ]
    return {table.name: table for table in tables}


_BLOCK = re.compile(r'(<!-- report: ([\w-]+) -->\n)(.*?)(<!-- /report -->)', re.S)


def updated(path: Path, tables: dict[str, Table]) -> str:
    """Returns a document's text with the tables as they should be.

    A table stands between ``<!-- report: NAME -->`` and ``<!-- /report -->``, each in a line
    of its own.

    Raises:
        DataError: If the document has no such pair, or names an unknown table.
    """
    text = path.read_text(encoding='utf-8')
    names = [match[2] for match in _BLOCK.finditer(text)]
    if not names or text.count('<!-- report: ') != len(names):
        raise DataError(f'{path}: needs pairs of <!-- report: NAME --> and <!-- /report -->')
    if unknown := [name for name in names if name not in tables]:
        raise DataError(f'{path}: {unknown[0]} is not a table; there are {", ".join(tables)}')
    return _BLOCK.sub(lambda m: f'{m[1]}{tables[m[2]].markdown()}\n{m[4]}', text)
