"""The runs of an experiment, before they start: how much there is to do, and what is in the way."""

from collections.abc import Sequence
from dataclasses import dataclass

from lkca_mm.command import describe

from mmengine.config import Config

from lkca_mm.engine.run_config import check_data, load_config
from lkca_mm.errors import DataError, LKCAError
from lkca_mm.reproduce.schedules import SMOKE, settings_of
from lkca_mm.reproduce.selection import Experiment
from lkca_mm.reproduce.workload import Workload, workload_of
from lkca_mm.reproduce.workspace import Run, Workspace, shown


@dataclass(frozen=True)
class PlannedRun:
    """A run with what is known of it before it starts.

    Attributes:
        run: The run.
        workload: How much it has to compute; None if its config cannot be read.
        done: Whether it is finished already.
        iteration: Where a run that was cut goes on, at the latest validation.
        problem: Why it cannot run at all.
    """

    run: Run
    workload: Workload | None = None
    done: bool = False
    iteration: int = 0
    problem: str = ''


def _load(experiment: Experiment, workspace: Workspace) -> Config:
    """Reads an experiment's config with the changes of the schedule.

    Raises:
        LKCAError: If the config is missing or broken, or its data are not there.
    """
    if not experiment.config.is_file():
        raise DataError(f'no config {shown(experiment.config)}')
    config = load_config(str(experiment.config))
    config.merge_from_dict(
        settings_of(experiment, workspace.schedule, config, workspace.configs, workspace.data)
    )
    if workspace.schedule != SMOKE:
        check_data(config, ('train_dataloader', 'val_dataloader'))
    return config


def _plan(run: Run, workload: Workload | None, problem: str) -> PlannedRun:
    record = run.read_record()
    if record.get('finished'):
        return PlannedRun(run, workload, done=True)
    curve = record.get('curve') or [{}]
    return PlannedRun(run, workload, iteration=curve[-1].get('iteration', 0), problem=problem)


def plan_runs(
    experiments: Sequence[Experiment], seeds: int, workspace: Workspace
) -> list[PlannedRun]:
    """Returns every run, the first seed of all experiments before the second of any.

    Args:
        experiments: The experiments, each once.
        seeds: How many seeds each has, from 0.
        workspace: What the runs share.
    """
    known: list[tuple[Experiment, Workload | None, str]] = []
    for experiment in experiments:
        try:
            workload = workload_of(_load(experiment, workspace), experiment)
            known.append((experiment, workload, ''))
        except LKCAError as error:
            known.append((experiment, None, describe(error)))
    return [
        _plan(Run(experiment, seed, workspace), workload, problem)
        for seed in range(seeds)
        for experiment, workload, problem in known
    ]
