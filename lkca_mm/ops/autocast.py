"""What autocast computes in, asked in the words of every PyTorch."""

import torch

from lkca_mm.ops.tracing import is_compiling


def autocast_dtype(device: str) -> torch.dtype | None:
    """Returns the type that autocast computes in on a device; None where it is off.

    Args:
        device: Device type, ``'cpu'`` or ``'cuda'``.
    """
    if hasattr(torch, 'get_autocast_dtype'):
        return torch.get_autocast_dtype(device) if torch.is_autocast_enabled(device) else None
    # PyTorch before 2.4 has a pair of functions for each of the two devices.
    if device == 'cpu':
        if not torch.is_autocast_cpu_enabled():
            return None
        # Their compiler cannot ask; bf16 is what autocast has on a CPU.
        return torch.bfloat16 if is_compiling() else torch.get_autocast_cpu_dtype()
    return torch.get_autocast_gpu_dtype() if torch.is_autocast_enabled() else None
