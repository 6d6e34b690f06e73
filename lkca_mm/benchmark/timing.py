"""Timing several candidates fairly on a machine whose speed drifts."""

import statistics
import time
from collections.abc import Callable

import torch

# Seconds below which a second run costs little.
_QUICK = 0.25


def interleaved_medians(
    candidates: dict[str, Callable[[], object]], rounds: int, device: str = 'cpu'
) -> dict[str, float]:
    """Times candidates in turn, round after round, so that drift meets all alike.

    A quick candidate runs once more before it is timed: what ran before it, and what
    that left in caches and in the allocator, is none of its own.

    Args:
        candidates: What to time, by name.
        rounds: Counted rounds, after one that is not counted.
        device: Device to wait for before the clock is read.

    Returns:
        The median time of each, in seconds.
    """
    times: dict[str, list[float]] = {name: [] for name in candidates}
    for _ in range(rounds + 1):
        for name, run in candidates.items():
            if times[name] and times[name][-1] < _QUICK:
                _time(run, device)
            times[name].append(_time(run, device))
    return {name: statistics.median(values[1:]) for name, values in times.items()}


def _time(run: Callable[[], object], device: str) -> float:
    """Returns the seconds that a candidate takes, the device's work included."""
    begin = time.perf_counter()
    run()
    if device != 'cpu':
        torch.cuda.synchronize()
    return time.perf_counter() - begin
