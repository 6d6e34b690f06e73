"""What the user sees: the plan before, and a live table while runs are under way."""

import sys
import time
from collections.abc import Sequence
from types import TracebackType

from rich.box import SIMPLE
from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from lkca_mm.reproduce.estimate import Estimator, duration, total_seconds
from lkca_mm.reproduce.jobs import DONE, FAILED, RUNNING, WAITING, Job
from lkca_mm.reproduce.plan import PlannedRun
from lkca_mm.reproduce.progress import Progress, read_progress

# Lines of a terminal that are not for the table's rows.
_FRAME = 8


def _state(planned: PlannedRun) -> str:
    if planned.done:
        return 'done'
    if planned.problem:
        return f'failed: {planned.problem}'
    return f'goes on after iteration {planned.iteration:,}' if planned.iteration else 'to do'


def plan_table(plan: Sequence[PlannedRun], estimator: Estimator, title: str) -> Table:
    """Returns the plan: a row a run, with the estimated time of what is left of it."""
    table = Table(title=title, box=SIMPLE)
    table.add_column('run', no_wrap=True)
    for name in ('iterations', 'estimated'):
        table.add_column(name, justify='right', no_wrap=True)
    table.add_column('state', overflow='fold')
    for planned in plan:
        seconds = estimator.seconds(planned)
        table.add_row(
            planned.run.name,
            f'{planned.workload.iterations:,}' if planned.workload else '',
            duration(seconds) if seconds else '',
            Text(_state(planned)),
        )
    return table


class RunDisplay:
    """A live table on a terminal; elsewhere a line for each run that starts or ends.

    Args:
        plan: The runs that are to be run.
        jobs: Their jobs, in the same order.
        places: How many run at a time.
        estimator: What tells how long a run takes; it learns from those that end.
    """

    def __init__(
        self,
        plan: Sequence[PlannedRun],
        jobs: Sequence[Job],
        places: int,
        estimator: Estimator,
    ) -> None:
        self._planned = {job.name: planned for planned, job in zip(plan, jobs, strict=True)}
        self._jobs = jobs
        self._places = places
        self._estimator = estimator
        self._console = Console(soft_wrap=not sys.stdout.isatty(), highlight=False)
        self._live = Live(console=self._console, auto_refresh=False, transient=True)
        self._shown_at = 0.0

    def __enter__(self) -> 'RunDisplay':
        if self._console.is_terminal:
            self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._live.stop()

    def watch(self, job: Job | None) -> None:
        """Shows what has changed; for :func:`lkca_mm.reproduce.jobs.run_jobs`."""
        if job is not None:
            if job.state == DONE:
                planned = self._planned[job.name]
                self._estimator.learn(planned, None if planned.iteration else job.seconds)
            self._console.print(self._line(job), markup=False)
        if self._console.is_terminal and (job is not None or time.monotonic() > self._shown_at + 1):
            self._shown_at = time.monotonic()
            self._live.update(self._table(), refresh=True)

    def _line(self, job: Job) -> str:
        clock = time.strftime('%H:%M:%S')
        if job.state == RUNNING:
            return f'{clock} started {job.name}'
        what = f'FAILED {job.name}: {job.error}' if job.state == FAILED else f'done {job.name}'
        return f'{clock} {what} ({duration(job.seconds)}); {self._summary()}'

    def _count(self, state: str) -> int:
        return sum(job.state == state for job in self._jobs)

    def _summary(self) -> str:
        failed = self._count(FAILED)
        left = total_seconds(
            [self._left(job) for job in self._jobs if job.state == RUNNING],
            [self._left(job) for job in self._jobs if job.state == WAITING],
            self._places,
        )
        return (
            f'{self._count(DONE)} of {len(self._jobs)} done'
            + (f', {failed} failed' if failed else '')
            + (f', about {duration(left)} left' if left else '')
        )

    def _progress(self, job: Job) -> Progress:
        return read_progress(job.output()) if job.state == RUNNING else Progress()

    def _left(self, job: Job) -> float:
        """Returns how long a run still takes: by its own speed if it shows one."""
        planned = self._planned[job.name]
        estimate = self._estimator.seconds(planned)
        if job.state != RUNNING or planned.workload is None:
            return estimate
        progress = self._progress(job)
        if progress.seconds is None:
            return max(0.0, estimate - (time.monotonic() - job.started))
        return max(0, planned.workload.iterations - progress.iteration) * progress.seconds

    def _table(self) -> Group:
        table = Table(box=SIMPLE)
        table.add_column('run', no_wrap=True)
        table.add_column('progress', width=24)
        for name in ('iteration', 'time', 'left'):
            table.add_column(name, justify='right', no_wrap=True)
        table.add_column('state', overflow='ellipsis', no_wrap=True)
        order = [RUNNING, FAILED, WAITING]
        shown = sorted(
            (job for job in self._jobs if job.state in order),
            key=lambda job: order.index(job.state),
        )
        room = max(self._places, self._console.height - _FRAME)
        for job in shown[:room]:
            self._add_row(table, job)
        more = len(shown) - room
        below = f'{self._summary()}' + (f'; {more} more rows are not shown' if more > 0 else '')
        return Group(table, Text(below))

    def _add_row(self, table: Table, job: Job) -> None:
        planned, progress = self._planned[job.name], self._progress(job)
        if job.state != RUNNING:
            left = duration(self._left(job)) if job.state == WAITING else ''
            seconds = duration(job.seconds) if job.state == FAILED else ''
            table.add_row(job.name, '', '', seconds, left, Text(f'{job.state} {job.error}'))
            return
        total = planned.workload.iterations if planned.workload else 0
        done, left = max(progress.iteration, planned.iteration), self._left(job)
        table.add_row(
            job.name,
            ProgressBar(total=total or None, completed=done, width=24),
            f'{done:,} / {total:,}',
            duration(time.monotonic() - job.started),
            # Nothing where a run takes longer than was expected of it and shows no speed yet.
            duration(left) if left else '',
            'scoring' if progress.scoring else 'training' if progress.iteration else 'starting',
        )
