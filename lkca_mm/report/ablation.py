"""Variants of LKCA at equal parameters: what its parts are worth, and what might be better."""

from lkca_mm.report.figures import (
    DIRTY_MARK,
    DIRTY_NOTE,
    difference,
    final_top1,
    over_seeds,
)
from lkca_mm.report.paper_tables import DATASETS
from lkca_mm.report.runs import Run, finished_classification, group_seeds
from lkca_mm.report.table import Table

_ABLATION = {
    'lkca-500k': 'as published: both projections, LKCA in every layer, kernel from zero',
    'lkca-500k-no-projections': 'no projections, 12 layers instead of 8',
    'lkca-500k-alternating': 'self-attention and LKCA in turn, 6 layers of 108 channels',
    'lkca-500k-beside': 'LKCA beside self-attention in each layer, 5 layers of 98 channels',
    'lkca-500k-conv-kernel': "kernel starts as Conv2d's",
    'lkca-500k-gaussian-kernel': 'kernel starts as a local Gaussian',
}
_CANDIDATES = {
    'lkca-plus-published': 'as published: one kernel from zero',
    'lkca-plus-kernels-2': 'two kernels',
    'lkca-plus-kernels-4': 'four kernels',
    'lkca-plus-kernels-12': 'twelve kernels, MLPs a sixteenth narrower',
    'lkca-plus-channel-scale': 'a learned factor for each channel',
    'lkca-plus-gaussian-kernel': 'kernel starts as a local Gaussian',
}


def ablation_table(runs: list[Run]) -> Table:
    """Returns a row a part of LKCA: CIFAR-10 with it changed, and the distance.

    Args:
        runs: All training runs; of the finished ones, those count that follow the
            longest recipe under which the variants were compared.
    """
    return _variants('ablation', _ABLATION, ('cifar10',), runs)


def candidates_table(runs: list[Run]) -> Table:
    """Returns a row a candidate for a better LKCA and data set, and its distance.

    Args:
        runs: All training runs, of which those count that count for the ablation.
    """
    return _variants('candidates', _CANDIDATES, ('cifar10', 'cifar100'), runs)


def _variants(
    name: str, variants: dict[str, str], datasets: tuple[str, ...], runs: list[Run]
) -> Table:
    """Sets variants beside the first of them, a data set after the other."""
    columns = ['data set', 'variant', 'config', 'params', 'top-1', 'over the published']
    table = Table(name, columns, left=3)
    groups = [
        group
        for group in group_seeds(finished_classification(runs))
        if group[0].dataset in datasets and group[0].model in variants
    ]
    published = next(iter(variants))
    compared = [group[0] for group in groups if group[0].model != published]
    if not compared:
        return table
    recipe = max(compared, key=lambda run: run.length).recipe
    groups = [group for group in groups if group[0].recipe == recipe]
    for dataset in datasets:
        found = {group[0].model: group for group in groups if group[0].dataset == dataset}
        baseline = found.get(published)
        for model, text in variants.items():
            if (group := found.get(model)) is None:
                continue
            mark = f' {DIRTY_MARK}' if any(run.dirty for run in group) else ''
            gain = ''
            if model != published and baseline is not None:
                gain = difference(final_top1(group), final_top1(baseline))
            top1 = f'{over_seeds(final_top1(group))} (n={len(group)})'
            cells = [DATASETS[dataset], text, model + mark, f'{group[0].params:,}', top1, gain]
            table.rows.append(cells)
    if any(run.dirty for group in groups for run in group):
        table.notes.append(DIRTY_NOTE)
    return table
