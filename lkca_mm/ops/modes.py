"""What PyTorch is doing around the operator: autocast, compiling, tracing, transforming."""

from contextlib import AbstractContextManager, nullcontext

import torch
from torch import Tensor, nn

_CAN_ASK = hasattr(torch.compiler, 'is_compiling')
if _CAN_ASK:
    from torch.compiler import is_compiling
else:  # PyTorch before 2.2
    from torch._dynamo import is_compiling


def is_transforming() -> bool:
    """Tells whether a transform of ``torch.func`` (grad, vmap, ...) is running.

    There is no public question for it; ``torch.autograd.Function`` asks this one. Read in
    PyTorch 2.1, whose compiler cannot ask it, and 2.11.
    """
    return (_CAN_ASK or not is_compiling()) and torch._C._are_functorch_transforms_active()


def is_eager(x: Tensor) -> bool:
    """Tells plain execution on plain tensors from everything else.

    Graphs, transforms and fake tensors want plain differentiable products. Buffers, loops over
    a batch, and constants that are kept between calls are for plain execution alone.
    """
    if is_compiling() or torch.jit.is_tracing():
        return False
    return type(x) in (Tensor, nn.Parameter) and not is_transforming()


def autocast_dtype(device: str) -> torch.dtype | None:
    """Returns the type that autocast computes in on a device; None where it is off.

    Args:
        device: Device type, ``'cpu'`` or ``'cuda'``; others that autocast does not know are
            never under it.
    """
    if hasattr(torch.amp, 'is_autocast_available'):
        # The compiler cannot ask whether a device knows autocast; it has only those that do.
        known = is_compiling() or torch.amp.is_autocast_available(device)
        on = known and torch.is_autocast_enabled(device)
        return torch.get_autocast_dtype(device) if on else None
    # PyTorch before 2.4 has a pair of functions for each of the two devices.
    if device == 'cpu':
        if not torch.is_autocast_cpu_enabled():
            return None
        # Its compiler cannot ask; bf16 is what autocast has on a CPU.
        return torch.bfloat16 if is_compiling() else torch.get_autocast_cpu_dtype()
    on = device == 'cuda' and torch.is_autocast_enabled()
    return torch.get_autocast_gpu_dtype() if on else None


def without_autocast(device: str) -> AbstractContextManager:
    """Turns autocast off inside the ``with``, where it is on."""
    if autocast_dtype(device) is None:
        return nullcontext()
    return torch.autocast(device, enabled=False)
