"""How long runs take: from what this machine has shown so far."""

import heapq
import time
from collections.abc import Iterable
from statistics import median

import torch
from torch import nn

from lkca_mm.reproduce.plan import PlannedRun
from lkca_mm.reproduce.selection import Experiment
from lkca_mm.reproduce.workload import Workload

_TOKENS, _WIDTH = 4096, 192


def measure_rate(
    threads: int, on_gpu: bool = False, amp: bool = False, seconds: float = 0.5
) -> float:
    """Times a layer's training step and returns multiply-adds a second.

    Args:
        threads: Threads that a run will have.
        on_gpu: Whether runs are on a GPU.
        amp: Whether they are in mixed precision.
        seconds: How long to measure.
    """
    device = 'cuda' if on_gpu else 'cpu'
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        layer = nn.Sequential(
            nn.LayerNorm(_WIDTH),
            nn.Linear(_WIDTH, 2 * _WIDTH),
            nn.GELU(),
            nn.Linear(2 * _WIDTH, _WIDTH),
        ).to(device)
        x = torch.ones(_TOKENS, _WIDTH, device=device, requires_grad=True)

        def step() -> None:
            with torch.autocast(device, enabled=amp):
                y = layer(x)
            y.sum().backward()
            # Reading a number waits for the GPU.
            x.grad.sum().item()

        step()
        steps, start = 0, time.perf_counter()
        while (elapsed := time.perf_counter() - start) < seconds:
            step()
            steps += 1
    finally:
        torch.set_num_threads(before)
    return 3 * steps * _TOKENS * 2 * 2 * _WIDTH * _WIDTH / elapsed


class Estimator:
    """Estimates from earlier runs of the same model, else of its task, else from one layer.

    Classification and segmentation teach nothing of one another: 1,000 times as much
    work in a picture uses a machine in another way.

    Args:
        rate: What :func:`measure_rate` returned.
        startup: Seconds until a run's first iteration, as long as none was seen.
    """

    def __init__(self, rate: float, startup: float) -> None:
        self._rate = rate
        self._startups: list[float] = []
        self._first_startup = startup
        self._measured: dict[Experiment, float] = {}

    def learn(self, planned: PlannedRun, lasted: float | None = None) -> None:
        """Takes up how fast a run was that is finished.

        Args:
            planned: The run.
            lasted: How long its process lived, if it did all of it just now.
        """
        seconds = sum(planned.run.read_record().get('seconds', {}).values())
        if planned.workload is not None and seconds > 0:
            rate = planned.workload.multiply_adds / seconds
            self._measured[planned.run.experiment] = rate
        if lasted is not None and lasted > seconds:
            self._startups.append(lasted - seconds)

    def seconds(self, planned: PlannedRun) -> float:
        """Returns how long a run will take from where it stands; 0 if it will not run."""
        if planned.done or planned.problem or planned.workload is None:
            return 0.0
        workload, rate = planned.workload, self._rate_of(planned.run.experiment)
        startup = median(self._startups) if self._startups else self._first_startup
        return startup + _left(planned, workload) * workload.multiply_adds / rate

    def _rate_of(self, experiment: Experiment) -> float:
        """Returns multiply-adds a second of the nearest that was measured."""
        measured = self._measured.items()
        same_model = [rate for other, rate in measured if other.stem == experiment.stem]
        same_task = [rate for other, rate in measured if other.segments == experiment.segments]
        return median(same_model or same_task or [self._rate])

    def describe(self) -> str:
        """Returns what the estimates rest on."""
        if self._measured:
            rows = 'row' if len(self._measured) == 1 else 'rows'
            return f'from the records of {len(self._measured)} {rows} here'
        return f'from a layer timed just now: {self._rate / 1e9:.0f}G multiply-adds a second'


def _left(planned: PlannedRun, workload: Workload) -> float:
    return 1 - min(planned.iteration, workload.iterations) / workload.iterations


def total_seconds(running: Iterable[float], waiting: Iterable[float], jobs: int) -> float:
    """Returns when the last run ends if each starts as soon as one of ``jobs`` places is free.

    Args:
        running: Seconds that each running run still takes.
        waiting: Seconds of each waiting run, in their order.
        jobs: How many run at a time.
    """
    ends = [*running]
    ends += [0.0] * (jobs - len(ends))
    heapq.heapify(ends)
    for seconds in waiting:
        heapq.heappush(ends, heapq.heappop(ends) + seconds)
    return max(ends)


def duration(seconds: float) -> str:
    """Returns a time as one reads it: ``'12 s'``, ``'4 min'``, ``'3 h 20 min'``, ``'2.5 days'``."""
    if seconds < 100:
        return f'{seconds:.0f} s'
    minutes = round(seconds / 60)
    if minutes < 100:
        return f'{minutes} min'
    if minutes < 36 * 60:
        return f'{minutes // 60} h {minutes % 60:02d} min'
    return f'{seconds / 86400:.1f} days'
