"""What the parts of LKCA are worth: variants of one model at equal parameters."""

from lkca_mm.report.figures import (
    DIRTY_MARK,
    DIRTY_NOTE,
    difference,
    final_top1,
    over_seeds,
)
from lkca_mm.report.runs import Run, finished_classification, group_seeds
from lkca_mm.report.table import Table

_DATASET = 'cifar10'
_PUBLISHED = 'lkca-500k'
_VARIANTS = {
    'lkca-500k': 'as published: both projections, LKCA in every layer, kernel from zero',
    'lkca-500k-no-projections': 'no projections, 12 layers instead of 8',
    'lkca-500k-alternating': 'self-attention and LKCA in turn, 6 layers of 108 channels',
    'lkca-500k-beside': 'LKCA beside self-attention in each layer, 5 layers of 98 channels',
    'lkca-500k-conv-kernel': "kernel starts as Conv2d's",
    'lkca-500k-gaussian-kernel': 'kernel starts as a local Gaussian',
}


def ablation_table(runs: list[Run]) -> Table:
    """Returns a row a variant with its distance from the published form.

    Args:
        runs: All training runs; of the finished ones, those count that follow the
            longest recipe under which the variants were compared.
    """
    table = Table(
        'ablation', ['variant', 'config', 'params', 'top-1', 'over the published'], left=2
    )
    groups = [
        group
        for group in group_seeds(finished_classification(runs))
        if group[0].dataset == _DATASET and group[0].model in _VARIANTS
    ]
    compared = [group[0] for group in groups if group[0].model != _PUBLISHED]
    if not compared:
        return table
    recipe = max(compared, key=lambda run: run.length).recipe
    by_model = {group[0].model: group for group in groups if group[0].recipe == recipe}
    published = by_model.get(_PUBLISHED)
    for model, text in _VARIANTS.items():
        group = by_model.get(model)
        if group is None:
            continue
        mark = f' {DIRTY_MARK}' if any(run.dirty for run in group) else ''
        gain = (
            ''
            if group is published or published is None
            else difference(final_top1(group), final_top1(published))
        )
        top1 = f'{over_seeds(final_top1(group))} (n={len(group)})'
        table.rows.append([text, model + mark, f'{group[0].params:,}', top1, gain])
    if any(run.dirty for group in by_model.values() for run in group):
        table.notes.append(DIRTY_NOTE)
    return table
