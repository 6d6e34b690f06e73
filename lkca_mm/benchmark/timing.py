"""Time and peak memory of a computation."""

import math
import random
import statistics
import time
from collections.abc import Callable
from inspect import signature

import torch
from torch.profiler import ProfilerActivity, profile

_LONG_ENOUGH = 0.05  # seconds; the clock of less work mostly tells what ran before


def interleaved_medians(
    candidates: dict[str, Callable[[], object]], rounds: int, device: str = 'cpu'
) -> dict[str, float]:
    """Times candidates in turns of changing order, so that the machine's drift meets all alike.

    A quick candidate runs once untimed, to fill caches, and then often enough to be timed well.

    Args:
        candidates: What to time, by name.
        rounds: Counted rounds, after one that is not counted.
        device: Device to wait for before the clock is read.

    Returns:
        The median seconds of each.
    """
    times: dict[str, list[float]] = {name: [] for name in candidates}
    order = random.Random(0)
    for _ in range(rounds + 1):
        for name in order.sample(list(candidates), len(candidates)):
            run, before = candidates[name], times[name]
            repeats = math.ceil(_LONG_ENOUGH / before[-1]) if before else 1
            if repeats > 1:
                _seconds(run, 1, device)
            before.append(_seconds(run, repeats, device))
    return {name: statistics.median(values[1:]) for name, values in times.items()}


def _seconds(run: Callable[[], object], repeats: int, device: str) -> float:
    begin = time.perf_counter()
    for _ in range(repeats):
        run()
    wait_for(device)
    return (time.perf_counter() - begin) / repeats


def wait_for(device: str) -> None:
    """Waits until a device has done what it was given."""
    if device != 'cpu':
        torch.cuda.synchronize(device)


def peak_memory(run: Callable[[], object], device: str = 'cpu') -> int:
    """Runs a computation once and returns the most bytes that it held beyond those before.

    On a CPU this is the running sum of what ``torch.profiler`` sees PyTorch's allocator give out
    and take back, without scratch buffers of oneDNN and MKL. Run it once before.
    """
    if device != 'cpu':
        wait_for(device)
        torch.cuda.reset_peak_memory_stats(device)
        before = torch.cuda.memory_allocated(device)
        run()
        wait_for(device)
        return torch.cuda.max_memory_allocated(device) - before
    # From PyTorch 2.4 on, events are kept over several cycles only if asked for.
    kept = {'acc_events': True} if 'acc_events' in signature(profile).parameters else {}
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True, **kept) as seen:
        run()
    # The public events say what an operator allocated, not when: the peak needs the raw ones
    # (read in PyTorch 2.1 and 2.11).
    events = [e for e in seen.profiler.kineto_results.events() if e.name() == '[memory]']
    held = peak = 0
    # PyTorch before 2.4 counts in microseconds.
    start = 'start_ns' if events and hasattr(events[0], 'start_ns') else 'start_us'
    for event in sorted(events, key=lambda event: getattr(event, start)()):
        held += event.nbytes()
        peak = max(peak, held)
    return peak
