"""The memory that a computation takes at its peak."""

from collections.abc import Callable
from dataclasses import dataclass
from inspect import signature
from typing import Any

import torch
from torch.profiler import ProfilerActivity, profile


@dataclass(frozen=True)
class Memory:
    """What a computation takes beyond what was held before it.

    Attributes:
        peak: Bytes at the peak.
        largest: Bytes of the largest single allocation; None on a CUDA device.
    """

    peak: int
    largest: int | None


def measure_memory(run: Callable[[], object], device: str = 'cpu') -> Memory:
    """Runs a computation once and measures the memory that it takes.

    On a CUDA device this is ``torch.cuda.max_memory_allocated``. On a CPU it is the
    running sum of what ``torch.profiler`` sees PyTorch's allocator give out and take
    back: every tensor, the buffers inside an operator and those of compiled code,
    the same in every run. What was allocated before and is freed meanwhile does not
    count, and neither do the libraries' own scratch buffers (oneDNN, MKL), which
    do not come from the allocator.

    Args:
        run: The computation; one run before this one should have made what lasts.
        device: ``'cpu'`` or a CUDA device.
    """
    if device != 'cpu':
        torch.cuda.synchronize(device)
        torch.cuda.reset_peak_memory_stats(device)
        before = torch.cuda.memory_allocated(device)
        run()
        torch.cuda.synchronize(device)
        return Memory(torch.cuda.max_memory_allocated(device) - before, None)
    # From PyTorch 2.4 on they are kept over several cycles only if asked for.
    kept = {'acc_events': True} if 'acc_events' in signature(profile).parameters else {}
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True, **kept) as seen:
        run()
    events = [e for e in seen.profiler.kineto_results.events() if e.name() == '[memory]']
    held = peak = largest = 0
    for event in sorted(events, key=_start):
        held += event.nbytes()
        peak = max(peak, held)
        largest = max(largest, event.nbytes())
    return Memory(peak, largest)


def _start(event: Any) -> int:
    """Returns when an event of the profiler began; PyTorch before 2.4 counts in microseconds."""
    return event.start_ns() if hasattr(event, 'start_ns') else event.start_us()


def bytes_of(*tensors: torch.Tensor) -> int:
    """Returns the bytes of tensors, shared storage counted once."""
    storages = {t.untyped_storage().data_ptr(): t.untyped_storage().nbytes() for t in tensors}
    return sum(storages.values())
