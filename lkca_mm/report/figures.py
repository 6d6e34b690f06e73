"""Numbers as the tables show them."""

from math import hypot
from statistics import mean, stdev

from lkca_mm.report.runs import TOP1, Run

DIRTY_MARK = '†'
DIRTY_NOTE = f'{DIRTY_MARK} measured with changes that no commit holds.'


def final_top1(runs: list[Run]) -> list[float]:
    """Returns each run's top-1 accuracy at its end."""
    return [run.final[TOP1] for run in runs]


def best_top1(runs: list[Run]) -> list[float]:
    """Returns each run's highest top-1 accuracy."""
    return [run.best[TOP1]['value'] for run in runs]


def over_seeds(values: list[float]) -> str:
    """Returns the mean and, of several values, their standard deviation."""
    if len(values) == 1:
        return f'{values[0]:.2f}'
    return f'{mean(values):.2f} ± {stdev(values):.2f}'


def score(runs: list[Run]) -> str:
    """Returns the final top-1 of one experiment: mean, spread, number of runs."""
    mark = f' {DIRTY_MARK}' if any(run.dirty for run in runs) else ''
    return f'{over_seeds(final_top1(runs))} (n={len(runs)}){mark}'


def difference(values: list[float], baseline: list[float]) -> str:
    """Returns the difference of two means and, if both have one, its spread.

    The spread is the standard deviation of the difference between one run of each.
    """
    text = f'{mean(values) - mean(baseline):+.2f}'
    if min(len(values), len(baseline)) > 1:
        text += f' ± {hypot(stdev(values), stdev(baseline)):.2f}'
    return text


def millions(count: float) -> str:
    """Returns a count as the paper prints it: ``'2.69M'``."""
    return f'{count / 1e6:.2f}M'
