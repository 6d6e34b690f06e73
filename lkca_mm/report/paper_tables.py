"""The paper's Tables 1 to 5 with our measurements beside the printed figures."""

from lkca_mm.paper import load_models, load_table
from lkca_mm.report.figures import DIRTY_NOTE, millions, score
from lkca_mm.report.runs import Run, finished_classification, group_seeds
from lkca_mm.report.table import Table

DATASETS = {
    'cifar10': 'CIFAR-10',
    'cifar100': 'CIFAR-100',
    'svhn': 'SVHN',
    'tiny-imagenet': 'Tiny-ImageNet',
}


def _labels(groups: list[list[Run]]) -> list[str]:
    """Returns the schedules that were run, the shortest first."""
    lengths = {group[0].label: group[0].length for group in groups}
    return sorted(lengths, key=lambda label: (lengths[label], label))


def _ours(groups: list[list[Run]], label: str) -> str:
    return '; '.join(score(group) for group in groups if group[0].label == label)


def paper_table(number: int, runs: list[Run]) -> Table:
    """Returns one of the paper's classification tables beside what we measured.

    Args:
        number: 1 to 5.
        runs: All training runs; only finished ones count.
    """
    paper, models = load_table(number), load_models()
    stems = {row.config for row in paper.rows}
    used = [
        run
        for run in finished_classification(runs)
        if run.model in stems and run.dataset in paper.datasets
    ]
    table = Table(f'table{number}', ['model', 'config', 'params', 'params, built', 'FLOPs'], left=2)
    for row in paper.rows:
        built = models[row.config].built_params
        table.rows.append(
            [
                row.model,
                row.config if built else '',
                millions(row.params),
                f'{built:,}' if built else '',
                millions(row.flops),
            ]
        )
    for dataset in paper.datasets:
        name = 'top-1' if len(paper.datasets) == 1 else DATASETS[dataset]
        here = group_seeds([run for run in used if run.dataset == dataset])
        labels = _labels(here) or ['']
        table.columns.append(name)
        table.columns += [f'{name}, ours, {label}'.removesuffix(', ') for label in labels]
        for cells, row in zip(table.rows, paper.rows, strict=True):
            mine = [group for group in here if group[0].model == row.config]
            cells.append(f'{row.top1[dataset]:.2f}')
            cells += [_ours(mine, label) for label in labels]
    if any(run.dirty for run in used):
        table.notes.append(DIRTY_NOTE)
    return table
