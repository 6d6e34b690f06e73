"""What stands for the Triton backend where it cannot be."""

from torch import Tensor

MESSAGE = (
    "backend 'triton' needs Triton 3.2 or later: it comes with PyTorch 2.6 or later for "
    "CUDA on Linux; on Windows install triton-windows; or choose backend='auto'"
)


def lkca_triton(x: Tensor, weight: Tensor, grid: tuple[int, int]) -> Tensor:
    """Says what is missing.

    Raises:
        ImportError: Always.
    """
    raise ImportError(MESSAGE)
