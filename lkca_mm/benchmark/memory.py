"""The memory that a computation takes at its peak."""

from collections.abc import Callable
from dataclasses import dataclass

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
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True, acc_events=True) as seen:
        run()
    events = [e for e in seen.profiler.kineto_results.events() if e.name() == '[memory]']
    held = peak = largest = 0
    for event in sorted(events, key=lambda event: event.start_ns()):
        held += event.nbytes()
        peak = max(peak, held)
        largest = max(largest, event.nbytes())
    return Memory(peak, largest)


def bytes_of(*tensors: torch.Tensor) -> int:
    """Returns the bytes of tensors, shared storage counted once."""
    storages = {t.untyped_storage().data_ptr(): t.untyped_storage().nbytes() for t in tensors}
    return sum(storages.values())
