"""Plans and results of runs that never were."""

from pathlib import Path

from lkca_mm.reproduce.outcome import RunResult
from lkca_mm.reproduce.plan import PlannedRun
from lkca_mm.reproduce.selection import experiments_of, select_tables
from lkca_mm.reproduce.workload import Workload
from lkca_mm.reproduce.workspace import Run, Workspace

CONFIGS = Path(__file__).parents[2] / 'configs'


def make_plan(tables, root, seeds=1, schedule='smoke', **filters):
    """The runs of tables as planned, but for their configs, which are not read."""
    workspace = Workspace(Path(root), CONFIGS, schedule)
    experiments = experiments_of(select_tables(tables, **filters), CONFIGS)
    return [
        PlannedRun(Run(experiment, seed, workspace), Workload(10, 1e9))
        for seed in range(seeds)
        for experiment in experiments
    ]


def curve(top1, epochs=3):
    """A curve that ends at ``top1``."""
    return [
        {
            'epoch': epoch,
            'iteration': 100 * epoch,
            'train_loss': 2.3 / epoch,
            'accuracy/top1': top1 * epoch / epochs,
        }
        for epoch in range(1, epochs + 1)
    ]


def segmentation_curve(scores):
    """A curve of ``{iteration: (aAcc, mIoU@10)}``."""
    return [
        {'iteration': at, 'train_loss': 3000 / at, 'aAcc': aacc, 'mIoU@10': miou}
        for at, (aacc, miou) in scores.items()
    ]


def result(planned, curve_, state='done', error=''):
    """A run's result, with what its record would hold."""
    record = {'curve': curve_, 'seconds': {'training': 50.0, 'validation': 10.0}}
    return RunResult(planned, state, error, record if curve_ else {})
