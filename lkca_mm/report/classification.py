"""All finished classification runs, and what LKCA gains over the ViT of its size."""

from lkca_mm.paper import load_models
from lkca_mm.report.figures import (
    DIRTY_MARK,
    DIRTY_NOTE,
    best_top1,
    difference,
    final_top1,
    over_seeds,
)
from lkca_mm.report.paper_tables import DATASETS
from lkca_mm.report.runs import Run, finished_classification, group_seeds
from lkca_mm.report.table import Table


def _place(name: str, names: list[str]) -> tuple[int, str]:
    """Puts known names in their own order and before all others."""
    return (names.index(name) if name in names else len(names), name)


def _gain(group: list[Run], groups: list[list[Run]]) -> str:
    model = load_models().get(group[0].model)
    for other in groups:
        same = other[0].dataset == group[0].dataset and other[0].recipe == group[0].recipe
        if model and other[0].model == model.baseline and same:
            return difference(final_top1(group), final_top1(other))
    return ''


def classification_table(runs: list[Run]) -> Table:
    """Returns a row an experiment: data set, schedule, model, accuracies, gain.

    Args:
        runs: All training runs; only finished ones count.
    """
    groups = group_seeds(finished_classification(runs))
    datasets, models = list(DATASETS), list(load_models())
    groups.sort(
        key=lambda group: (
            _place(group[0].dataset, datasets),
            group[0].length,
            group[0].label,
            _place(group[0].model, models),
            group[0].signature,
        )
    )
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
