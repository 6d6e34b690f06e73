"""All finished classification runs, and what LKCA gains over the ViT of its size."""

from lkca_mm.paper import load_models, load_table
from lkca_mm.report.figures import (
    DIRTY_MARK,
    DIRTY_NOTE,
    best_top1,
    difference,
    final_top1,
    over_seeds,
    score,
)
from lkca_mm.report.paper_tables import DATASETS
from lkca_mm.report.runs import Run, finished_classification, group_seeds
from lkca_mm.report.table import Table


def _place(name: str, names: list[str]) -> tuple[int, str]:
    """Puts known names in their own order and before all others."""
    return (names.index(name) if name in names else len(names), name)


def _baseline(group: list[Run], groups: list[list[Run]]) -> list[Run] | None:
    """Returns the runs of the ViT of the same size under the same recipe, if there are any."""
    model = load_models().get(group[0].model)
    for other in groups:
        same = other[0].dataset == group[0].dataset and other[0].recipe == group[0].recipe
        if model and other[0].model == model.baseline and same:
            return other
    return None


def _gain(group: list[Run], groups: list[list[Run]]) -> str:
    other = _baseline(group, groups)
    return '' if other is None else difference(final_top1(group), final_top1(other))


def _in_order(runs: list[Run]) -> list[list[Run]]:
    """Returns the finished experiments by data set, schedule and model."""
    groups = group_seeds(finished_classification(runs))
    datasets, models = list(DATASETS), list(load_models())
    return sorted(
        groups,
        key=lambda group: (
            _place(group[0].dataset, datasets),
            group[0].length,
            group[0].label,
            _place(group[0].model, models),
            group[0].signature,
        ),
    )


def _printed_gain(run: Run) -> str:
    """Returns what LKCA gains over the ViT of its size in the paper's tables."""
    baseline = load_models()[run.model].baseline
    for number in range(1, 6):
        table = load_table(number)
        top1 = {row.config: row.top1.get(run.dataset) for row in table.rows}
        if None not in (top1.get(run.model), top1.get(baseline)):
            return f'{top1[run.model] - top1[baseline]:+.2f}'
    return ''


def comparison_table(runs: list[Run]) -> Table:
    """Returns LKCA beside the ViT of its size, wherever both were trained alike.

    Args:
        runs: All training runs; only finished ones count.
    """
    table = Table(
        'comparison',
        ['data set', 'schedule', 'LKCA', 'top-1', 'ViT', 'top-1', 'gain', 'gain in the paper'],
        left=3,
    )
    groups = _in_order(runs)
    dirty = False
    for group in groups:
        other = _baseline(group, groups)
        if other is None:
            continue
        run = group[0]
        dirty = dirty or any(run.dirty for run in (*group, *other))
        table.rows.append(
            [
                DATASETS.get(run.dataset, run.dataset),
                run.label,
                run.model,
                score(group),
                other[0].model,
                score(other),
                difference(final_top1(group), final_top1(other)),
                _printed_gain(run),
            ]
        )
    if dirty:
        table.notes.append(DIRTY_NOTE)
    return table


def classification_table(runs: list[Run]) -> Table:
    """Returns a row an experiment: data set, schedule, model, accuracies, gain.

    Args:
        runs: All training runs; only finished ones count.
    """
    groups = _in_order(runs)
    table = Table(
        'classification',
        ['data set', 'schedule', 'model', 'params', 'seeds', 'top-1', 'best top-1', 'over ViT'],
        left=3,
    )
    for group in groups:
        run = group[0]
        mark = f' {DIRTY_MARK}' if any(run.dirty for run in group) else ''
        table.rows.append(
            [
                DATASETS.get(run.dataset, run.dataset),
                run.label,
                run.model + mark,
                f'{run.params:,}',
                ', '.join(str(run.seed) for run in group),
                over_seeds(final_top1(group)),
                over_seeds(best_top1(group)),
                _gain(group, groups),
            ]
        )
    if any(run.dirty for group in groups for run in group):
        table.notes.append(DIRTY_NOTE)
    return table
