"""Whether a graph is being made of the code that runs."""

import torch

if hasattr(torch.compiler, 'is_compiling'):
    from torch.compiler import is_compiling
else:  # PyTorch before 2.2
    from torch._dynamo import is_compiling


def is_tracing() -> bool:
    """Tells compiling, exporting and tracing from plain execution.

    Graphs want plain products of any batch; buffers, loops over a batch and what was
    folded for one grid are for plain execution alone.
    """
    return is_compiling() or torch.jit.is_tracing()
