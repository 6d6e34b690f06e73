"""The operator's backends beside self-attention, forward and backward."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor

from lkca_mm.benchmark.timing import interleaved_medians
from lkca_mm.models import MHSAMixer
from lkca_mm.ops import lkca


@dataclass(frozen=True)
class OpCase:
    """One point of the benchmark.

    Attributes:
        grid: Side of the square token grid.
        channels: Channels C.
        batch: Images B.
        num_heads: Heads of the self-attention beside it.
    """

    grid: int
    channels: int
    batch: int
    num_heads: int = 6


# The three points of the first bar: CIFAR's ViT, FPN's at 256 pixels, and at 512.
DEFAULT_CASES = (OpCase(8, 192, 128), OpCase(16, 384, 8), OpCase(32, 384, 4))
BACKENDS = ('auto', 'toeplitz', 'fft', 'conv')


def _step(module: Callable[[Tensor], Tensor], inputs: list[Tensor], grad: Tensor) -> None:
    torch.autograd.grad(module(inputs[0]), inputs, grad)


def benchmark_op(
    case: OpCase, rounds: int, device: str = 'cpu', dtype: torch.dtype = torch.float32
) -> dict[str, Any]:
    """Times forward + backward of every backend and of a self-attention module.

    ``conv`` is the depthwise ``conv2d`` with the full kernel; ``mhsa`` is the
    whole module (qkv projection, SDPA, output projection) that LKCA without
    projections replaces.

    Args:
        case: The sizes.
        rounds: Counted rounds.
        device: ``'cpu'`` or a CUDA device.
        dtype: Type of tokens and weights.

    Returns:
        The case, the median milliseconds of each, and how many times faster
        ``auto`` is than the depthwise convolution and the self-attention.
    """
    torch.manual_seed(0)
    tokens, taps = case.grid**2, 2 * case.grid - 1
    options = {'device': device, 'dtype': dtype}
    x = torch.randn(case.batch, tokens, case.channels, requires_grad=True, **options)
    weight = torch.randn(1, taps, taps, requires_grad=True, **options)
    grad = torch.randn(case.batch, tokens, case.channels, **options)
    attention = MHSAMixer(case.channels, case.num_heads).to(**options)
    grid = (case.grid, case.grid)

    def of_backend(name: str) -> Callable[[], object]:
        return lambda: _step(lambda x: lkca(x, weight, grid, name), [x, weight], grad)

    candidates = {name: of_backend(name) for name in BACKENDS}
    parameters = [x, *attention.parameters()]
    candidates['mhsa'] = lambda: _step(lambda x: attention(x, grid), parameters, grad)
    medians = interleaved_medians(candidates, rounds, device)
    return {
        **asdict(case),
        'milliseconds': {name: 1e3 * seconds for name, seconds in medians.items()},
        'times_faster_than': {
            'depthwise conv2d': medians['conv'] / medians['auto'],
            'mhsa with SDPA': medians['mhsa'] / medians['auto'],
        },
    }
