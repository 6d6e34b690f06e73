"""Runs commands a few at a time, each a process group of its own that ends with us."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from lkca_mm.command import describe

from lkca_mm.errors import LKCAError
from lkca_mm.reproduce.interruption import Interruption, listening

WAITING, RUNNING, DONE, FAILED = 'waiting', 'running', 'done', 'failed'


@dataclass
class Job:
    """A command and what has become of it.

    Attributes:
        name: What it is called in tables and messages.
        command: The command.
        log: Where its output is added.
        prepare: Called before it starts; what it raises makes the job fail.
        check: Called when it has ended with code 0; returns what is wrong all the same.
        state: ``'waiting'``, ``'running'``, ``'done'`` or ``'failed'``.
        error: Why it failed.
        started: When it was started, by the monotonic clock.
        seconds: How long it ran.
        log_start: Where its part of the log begins.
        slot: The place where it runs.
        process: Its process, once it was started.
    """

    name: str
    command: Sequence[str]
    log: Path
    prepare: Callable[[], None] = lambda: None
    check: Callable[[], str] = lambda: ''
    state: str = WAITING
    error: str = ''
    started: float = 0.0
    seconds: float = 0.0
    log_start: int = 0
    slot: int = 0
    process: subprocess.Popen | None = field(default=None, repr=False)

    def output(self, most: int = 16_384) -> str:
        """Returns the end of what it has printed."""
        try:
            with self.log.open('rb') as file:
                end = file.seek(0, os.SEEK_END)
                file.seek(max(self.log_start, end - most))
                return file.read().decode('utf-8', errors='replace')
        except OSError:
            return ''


def _start(job: Job, environment: dict[str, str]) -> None:
    """Starts a job's process."""
    job.prepare()
    job.log.parent.mkdir(parents=True, exist_ok=True)
    with job.log.open('ab') as log:
        job.log_start = log.tell()
        job.process = subprocess.Popen(
            job.command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=os.environ | environment,
            # A Ctrl-C of the terminal reaches us alone; we pass it on in order.
            start_new_session=True,
        )


def _signal(job: Job, number: int) -> None:
    """Signals a job's process and all that it has started."""
    if job.process is not None:
        with suppress(ProcessLookupError):
            os.killpg(job.process.pid, number)


def failure(code: int, output: str) -> str:
    """Returns, in one line, why a process failed.

    Args:
        code: Its exit code as ``subprocess`` gives it.
        output: The end of what it printed.
    """
    if code < 0:
        name = signal.Signals(-code).name
        memory = ' (out of memory?)' if -code == signal.SIGKILL else ''
        return f'ended by {name}{memory}'
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    errors = [line.removeprefix('error: ') for line in lines if line.startswith('error: ')]
    last = errors or lines
    return last[-1] if last else f'exit code {code}, and it printed nothing'


def _finish(job: Job, code: int) -> None:
    """Notes what has become of a process that has ended."""
    _signal(job, signal.SIGKILL)  # what a crashed process has left running
    job.seconds = time.monotonic() - job.started
    job.error = failure(code, job.output()) if code else job.check()
    job.state = FAILED if job.error else DONE


def _end(running: list[Job], interruption: Interruption, grace: float, interval: float) -> None:
    """Ends what is running: politely, so that it saves, and after ``grace`` seconds not."""
    if not running:
        return
    print('ending the runs, which save first; Ctrl-C again ends them at once', file=sys.stderr)
    for job in running:
        _signal(job, signal.SIGINT)
    deadline = time.monotonic() + grace
    while any(job.process.poll() is None for job in running):
        if interruption.insisted or time.monotonic() > deadline:
            break
        time.sleep(interval)
    for job in running:
        _signal(job, signal.SIGKILL)
        job.process.wait()
        job.state = WAITING


def _try_to_start(job: Job, environment: dict[str, str]) -> None:
    job.started = time.monotonic()
    try:
        _start(job, environment)
    except (LKCAError, OSError) as error:
        job.state, job.error = FAILED, describe(error)
    else:
        job.state = RUNNING


def run_jobs(
    jobs: Sequence[Job],
    slots: Sequence[dict[str, str]],
    watch: Callable[[Job | None], None] = lambda job: None,
    interval: float = 0.2,
    grace: float = 120.0,
) -> None:
    """Runs jobs in their order, as many at a time as there are slots.

    Args:
        jobs: The jobs; their states change.
        slots: The variables that each place adds to the environment.
        watch: Called with each job that has started or ended, and with None now and then.
        interval: Seconds between two looks at the processes.
        grace: Seconds that processes have for saving when all shall end.

    Raises:
        KeyboardInterrupt: After SIGINT, SIGTERM or SIGHUP, when every process has
            ended; the jobs that were running are waiting again.
    """
    waiting = [job for job in jobs if job.state == WAITING][::-1]
    running: list[Job] = []
    with listening() as interruption:
        try:
            while (waiting or running) and not interruption.asked:
                free = set(range(len(slots))) - {job.slot for job in running}
                while waiting and free:
                    job = waiting.pop()
                    job.slot = min(free)
                    _try_to_start(job, slots[job.slot])
                    if job.state == RUNNING:
                        running.append(job)
                        free.discard(job.slot)
                    watch(job)
                time.sleep(interval)
                for job in [job for job in running if job.process.poll() is not None]:
                    running.remove(job)
                    _finish(job, job.process.returncode)
                    watch(job)
                watch(None)
        finally:
            _end(running, interruption, grace, interval)
    if interruption.asked:
        raise KeyboardInterrupt
