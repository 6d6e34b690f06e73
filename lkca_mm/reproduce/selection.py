"""Which rows of the paper's tables are asked for, and which experiments stand behind them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from lkca_mm.errors import ConfigError
from lkca_mm.paper import ClassificationRow, PaperTable, SegmentationRow, load_table
from lkca_mm.report.facts import names_of

NUMBERS = range(1, 8)


@dataclass(frozen=True)
class Experiment:
    """A model that is trained on a data set, in however many tables it stands.

    Attributes:
        dataset: The data set, named as the folders in ``configs/``.
        stem: The model's stem in the paper's tables.
        config: Its config at the paper's schedule.
    """

    dataset: str
    stem: str
    config: Path

    @property
    def name(self) -> str:
        """The data set and the model, as the records name them."""
        return '/'.join(names_of(self.config))

    @property
    def segments(self) -> bool:
        """Whether it is one of Tables 6 and 7."""
        return self.dataset == 'ade20k'


def table_numbers(words: Iterable[str]) -> list[int]:
    """Returns the tables that the command line names: ``'1'`` to ``'7'``, or ``'all'``.

    Raises:
        ConfigError: If a word is no table.
    """
    numbers = set()
    for word in words:
        if word == 'all':
            numbers.update(NUMBERS)
        elif word.isdecimal() and int(word) in NUMBERS:
            numbers.add(int(word))
        else:
            raise ConfigError(f'TABLE {word}: the paper has Tables 1 to 7; give a number or all')
    return sorted(numbers)


def _names(row: ClassificationRow | SegmentationRow) -> set[str]:
    """Returns what a user may call a row, in lower case."""
    short = names_of(Path('configs', row.config))[1]
    return {name.lower() for name in (row.model, row.config, short)}


def _check_known(option: str, words: Sequence[str], known: Iterable[str], shown: list[str]) -> None:
    known = set(known)
    for word in words:
        if word.lower() not in known:
            raise ConfigError(
                f'{option} {word}: is not in the tables; there are {", ".join(shown)}'
            )


def select_tables(
    numbers: Sequence[int], rows: Sequence[str] = (), datasets: Sequence[str] = ()
) -> list[PaperTable]:
    """Returns the tables less the rows and the data sets that are not asked for.

    Args:
        numbers: The tables.
        rows: Printed names or stems, in any case; all rows if there are none.
        datasets: Data sets; all of the tables' if there are none.

    Raises:
        ConfigError: If a name is in none of the tables, or nothing is left.
    """
    tables = [load_table(number) for number in numbers]
    every = [row for table in tables for row in table.rows]
    models = list(dict.fromkeys(f'{row.model} ({row.config})' for row in every))
    _check_known('--rows', rows, (name for row in every for name in _names(row)), models)
    known = list(dict.fromkeys(name for table in tables for name in table.datasets))
    _check_known('--datasets', datasets, known, known)
    wanted_rows = {word.lower() for word in rows}
    wanted_sets = {word.lower() for word in datasets}
    chosen = [
        replace(
            table,
            rows=tuple(row for row in table.rows if not rows or _names(row) & wanted_rows),
            datasets=tuple(name for name in table.datasets if not datasets or name in wanted_sets),
        )
        for table in tables
    ]
    chosen = [table for table in chosen if table.rows and table.datasets]
    if not chosen:
        raise ConfigError(
            f'--rows {" ".join(rows)} --datasets {" ".join(datasets)}: no table has these rows on '
            'these data sets; leave one of the two out'
        )
    return chosen


def experiment_of(
    table: PaperTable, row: ClassificationRow | SegmentationRow, dataset: str, configs: Path
) -> Experiment:
    """Returns the experiment behind a row of a table.

    Args:
        table: The table.
        row: One of its rows.
        dataset: One of its data sets.
        configs: The folder of the configs.
    """
    if table.task == 'classification':
        return Experiment(dataset, row.config, configs / dataset / f'{row.config}_100e.py')
    return Experiment(dataset, row.config, configs / f'{row.config}.py')


def experiments_of(tables: Iterable[PaperTable], configs: Path) -> list[Experiment]:
    """Returns each experiment of the tables once, in the order of the tables."""
    return list(
        dict.fromkeys(
            experiment_of(table, row, dataset, configs)
            for table in tables
            for dataset in table.datasets
            for row in table.rows
        )
    )
