"""Timing several candidates fairly on a machine whose speed drifts."""

import math
import random
import statistics
import time
from collections.abc import Callable

import torch

# Seconds of work below which a clock's reading is mostly what ran before.
_LONG_ENOUGH = 0.05


def interleaved_medians(
    candidates: dict[str, Callable[[], object]], rounds: int, device: str = 'cpu'
) -> dict[str, float]:
    """Times candidates in turn, round after round, so that drift meets all alike.

    Each round has an order of its own, drawn from a fixed seed. A quick candidate runs
    once untimed and then often enough to be timed well: what ran before it, and what
    that left in caches and in the allocator, is none of its own.

    Args:
        candidates: What to time, by name.
        rounds: Counted rounds, after one that is not counted.
        device: Device to wait for before the clock is read.

    Returns:
        The median time of each, in seconds.
    """
    times: dict[str, list[float]] = {name: [] for name in candidates}
    names, shuffle = list(candidates), random.Random(0).shuffle
    for _ in range(rounds + 1):
        shuffle(names)
        for name in names:
            run, before = candidates[name], times[name]
            repeats = math.ceil(_LONG_ENOUGH / before[-1]) if before else 1
            if repeats > 1:
                _time(run, 1, device)
            before.append(_time(run, repeats, device))
    return {name: statistics.median(values[1:]) for name, values in times.items()}


def _time(run: Callable[[], object], repeats: int, device: str) -> float:
    """Returns the seconds that a run takes, the device's work included."""
    begin = time.perf_counter()
    for _ in range(repeats):
        run()
    if device != 'cpu':
        torch.cuda.synchronize()
    return (time.perf_counter() - begin) / repeats
