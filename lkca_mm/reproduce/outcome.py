"""The paper's figures beside ours: mean over the seeds, spread, difference."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, stdev
from typing import Any

from lkca_mm.paper import ClassificationRow, PaperTable, SegmentationRow
from lkca_mm.report.paper_tables import DATASETS as SMALL_PICTURES
from lkca_mm.report.runs import TOP1
from lkca_mm.report.table import Table
from lkca_mm.reproduce.plan import PlannedRun
from lkca_mm.reproduce.schedules import MEANING, PAPER
from lkca_mm.reproduce.selection import Experiment, experiment_of

DATASETS = SMALL_PICTURES | {'ade20k': 'ADE20K'}


@dataclass(frozen=True)
class RunResult:
    """What has become of a run.

    Attributes:
        planned: The run.
        state: ``'done'``, ``'failed'`` or ``'waiting'``, which is none of both.
        error: Why it failed.
        record: What it measured.
    """

    planned: PlannedRun
    state: str
    error: str
    record: dict[str, Any]


@dataclass(frozen=True)
class Figure:
    """One figure of the paper and our own.

    Attributes:
        metric: What is measured, as the records name it.
        paper: What the paper prints, in percent.
        values: What we measured, a value a seed.
    """

    metric: str
    paper: float
    values: tuple[float, ...]

    @property
    def mean(self) -> float | None:
        """The mean over the seeds."""
        return mean(self.values) if self.values else None

    @property
    def spread(self) -> float | None:
        """The sample standard deviation over the seeds; one seed has none."""
        return stdev(self.values) if len(self.values) > 1 else None

    @property
    def difference(self) -> float | None:
        """How far our mean is above the paper's figure."""
        return self.mean - self.paper if self.values else None

    def ours(self) -> str:
        """Returns mean, spread and number of seeds as the tables show them."""
        if not self.values:
            return ''
        spread = '' if self.spread is None else f' ± {self.spread:.2f}'
        return f'{self.mean:.2f}{spread} (n={len(self.values)})'

    def data(self) -> dict[str, Any]:
        """Returns the figure as JSON can hold it."""
        return {
            'metric': self.metric,
            'paper': self.paper,
            'values': list(self.values),
            'mean': self.mean,
            'spread': self.spread,
            'difference': self.difference,
        }


@dataclass(frozen=True)
class RowOutcome:
    """A row of the paper on one data set, and what its runs came to.

    Attributes:
        row: The paper's row.
        experiment: What stands behind it.
        results: Its runs, a seed each.
        figures: What the paper prints of it, beside ours.
        iteration: Where ours were scored, if not where the paper's were.
    """

    row: ClassificationRow | SegmentationRow
    experiment: Experiment
    results: tuple[RunResult, ...]
    figures: tuple[Figure, ...]
    iteration: int | None = None

    @property
    def state(self) -> str:
        """``'done'`` if every seed is, ``'failed'`` if one has failed."""
        states = {result.state for result in self.results}
        return next((state for state in ('failed', 'waiting') if state in states), 'done')

    @property
    def seconds(self) -> float:
        """Time of training and scoring, all seeds together."""
        return sum(sum(result.record.get('seconds', {}).values()) for result in self.results)


def _entry(
    record: dict[str, Any], row: ClassificationRow | SegmentationRow, schedule: str
) -> dict[str, Any]:
    """Returns the validation that stands beside the paper's; empty if there was none.

    Tables 6 and 7 score one run at several iterations. A shorter schedule has
    none of the later ones; its last is shown instead, and the table says so.
    """
    curve = record.get('curve') or [{}]
    if isinstance(row, ClassificationRow):
        return curve[-1]
    same = [entry for entry in curve if entry.get('iteration') == row.iteration]
    return same[-1] if same else {} if schedule == PAPER else curve[-1]


def _figures(
    row: ClassificationRow | SegmentationRow, dataset: str, entries: Sequence[dict[str, Any]]
) -> tuple[Figure, ...]:
    if isinstance(row, ClassificationRow):
        printed = {TOP1: row.top1[dataset]}
    else:
        printed = {'aAcc': row.aacc, 'mIoU@10': row.miou_top10}
    return tuple(
        Figure(
            metric,
            paper,
            tuple(entry[metric] for entry in entries if entry.get(metric) is not None),
        )
        for metric, paper in printed.items()
    )


def outcomes_of(
    table: PaperTable, results: Sequence[RunResult], configs: Path, schedule: str
) -> list[RowOutcome]:
    """Returns the outcome of each row of a table, one data set after the other.

    Args:
        table: The table, or what was asked for of it.
        results: The results of all runs.
        configs: The folder of the configs.
        schedule: The schedule that they followed.
    """
    outcomes = []
    for dataset in table.datasets:
        for row in table.rows:
            experiment = experiment_of(table, row, dataset, configs)
            mine = tuple(r for r in results if r.planned.run.experiment == experiment)
            finished = [r.record for r in mine if r.state == 'done']
            entries = [_entry(record, row, schedule) for record in finished]
            scored_at = {entry.get('iteration') for entry in entries if entry}
            other = scored_at - {getattr(row, 'iteration', None)}
            elsewhere = isinstance(row, SegmentationRow) and other
            outcomes.append(
                RowOutcome(
                    row,
                    experiment,
                    mine,
                    _figures(row, dataset, entries),
                    min(other) if elsewhere else None,
                )
            )
    return outcomes


def _signed(value: float | None) -> str:
    return '' if value is None else f'{value:+.2f}'


def short_name(metric: str) -> str:
    """Returns a metric as the tables call it."""
    return metric.removeprefix('accuracy/').replace('top1', 'top-1')


def _columns(task: str) -> tuple[list[str], int]:
    if task == 'classification':
        first = ['data set', 'model', 'config']
        metrics = ['top-1']
    else:
        first = ['model', 'head', 'config', 'iteration']
        metrics = ['aAcc', 'mIoU@10']
    figures = [name for m in metrics for name in (f'{m}, paper', f'{m}, ours', 'difference')]
    return [*first, *figures, 'state'], len(first)


def _cells(outcome: RowOutcome) -> list[str]:
    row = outcome.row
    if isinstance(row, ClassificationRow):
        cells = [DATASETS[outcome.experiment.dataset], row.model, row.config]
    else:
        at = '' if outcome.iteration is None else f' (ours {outcome.iteration:,})'
        short = outcome.experiment.name.rpartition('/')[2]
        cells = [row.model, row.head, short, f'{row.iteration:,}{at}']
    for figure in outcome.figures:
        cells += [f'{figure.paper:.2f}', figure.ours(), _signed(figure.difference)]
    return [*cells, outcome.state]


def title_of(table: PaperTable, schedule: str) -> str:
    """Returns a table's title, which says whose schedule the figures follow."""
    return f'Table {table.number}, schedule `{schedule}`: {MEANING[schedule]}'


def failures_of(results: Sequence[RunResult]) -> list[str]:
    """Returns a sentence for each run that failed: which, why, and where its log is."""
    lines = []
    for result in results:
        if result.state == 'failed':
            log = result.planned.run.log_path
            where = f' (log: {log})' if log.exists() else ''
            lines.append(f'failed: {result.planned.run.name}: {result.error}{where}')
    return lines


def outcome_table(table: PaperTable, outcomes: Sequence[RowOutcome], schedule: str) -> Table:
    """Returns a table of the paper with our figures beside the printed ones."""
    columns, left = _columns(table.task)
    # Tables 6 and 7 score one run in several rows.
    results = {r.planned.run: r for outcome in outcomes for r in outcome.results}
    notes = failures_of([*results.values()])
    if table.erratum:
        notes.append(f'Erratum: {table.erratum}.')
    rows = [_cells(outcome) for outcome in outcomes]
    return Table(title_of(table, schedule), columns, rows, left, notes)
