"""From a plan to results: what is left of it is run, a few at a time."""

import os
from collections.abc import Sequence

from lkca_mm.reproduce.display import RunDisplay
from lkca_mm.reproduce.estimate import Estimator
from lkca_mm.reproduce.jobs import Job, run_jobs
from lkca_mm.reproduce.outcome import RunResult
from lkca_mm.reproduce.plan import PlannedRun
from lkca_mm.reproduce.schedules import SMOKE
from lkca_mm.reproduce.stand_ins import prepare_stand_in
from lkca_mm.reproduce.workspace import Run


def cores() -> int:
    """Returns the number of processor cores that this process may use."""
    if hasattr(os, 'sched_getaffinity'):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def threads_of(jobs: int) -> int:
    """Returns how many threads each of ``jobs`` runs may use."""
    return max(1, cores() // jobs)


def slots_of(jobs: int, gpus: Sequence[str]) -> list[dict[str, str]]:
    """Returns what each place where a run can be adds to its environment.

    Args:
        jobs: How many run at a time.
        gpus: The GPUs that they take turns on; none for those that are visible already.
    """
    threads = {'OMP_NUM_THREADS': str(threads_of(jobs))}
    if not gpus:
        return [threads] * jobs
    return [threads | {'CUDA_VISIBLE_DEVICES': gpus[place % len(gpus)]} for place in range(jobs)]


def _check(run: Run) -> str:
    return '' if run.read_record().get('finished') else 'ended without a finished record'


def job_of(run: Run) -> Job:
    """Returns the job that trains a run."""
    return Job(run.name, run.command(), run.log_path, run.write_config, lambda: _check(run))


def _prepare_data(todo: Sequence[PlannedRun]) -> None:
    for planned in todo:
        workspace = planned.run.workspace
        if workspace.schedule == SMOKE:
            prepare_stand_in(planned.run.experiment.dataset, workspace.data)


def execute(
    plan: Sequence[PlannedRun], slots: Sequence[dict[str, str]], estimator: Estimator
) -> list[RunResult]:
    """Runs what is left of a plan; a run that fails does not stop the others.

    Args:
        plan: All runs.
        slots: The environments of the places where runs can be.
        estimator: What the display's times come from.

    Returns:
        A result for each planned run, in the same order.

    Raises:
        KeyboardInterrupt: If the user ended it; every process has ended then.
        DataError: If the generated data cannot be written.
    """
    todo = [planned for planned in plan if not planned.done and not planned.problem]
    _prepare_data(todo)
    jobs = [job_of(planned.run) for planned in todo]
    with RunDisplay(todo, jobs, len(slots), estimator) as display:
        run_jobs(jobs, slots, display.watch)
    ended = {planned.run: job for planned, job in zip(todo, jobs, strict=True)}
    return [_result(planned, ended.get(planned.run)) for planned in plan]


def _result(planned: PlannedRun, job: Job | None) -> RunResult:
    record = planned.run.read_record()
    if job is not None:
        return RunResult(planned, job.state, job.error, record)
    if planned.done:
        return RunResult(planned, 'done', '', record)
    return RunResult(planned, 'failed', planned.problem, record)
