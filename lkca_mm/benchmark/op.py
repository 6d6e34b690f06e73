"""The operator's backends beside self-attention and beside what no dense product beats."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor

from lkca_mm.benchmark.timing import interleaved_medians
from lkca_mm.models import MHSAMixer
from lkca_mm.ops import lkca

GRIDS = (8, 16, 32, 64, 128)
CHANNELS = (192, 384, 768)
BACKENDS = ('auto', 'toeplitz', 'hybrid', 'fft', 'conv')
MODES = ('forward', 'forward + backward')

# Tokens above which a candidate takes minutes or gigabytes and is left out.
_MOST_TOKENS = {'toeplitz': 64**2, 'conv': 32**2, 'mhsa': 64**2, 'bound': 64**2}


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


# CIFAR's ViT, UPerNet's at 512 pixels, FPN's at 512.
DEFAULT_CASES = (OpCase(8, 192, 128), OpCase(16, 384, 8), OpCase(32, 384, 4))


def sweep_cases(tokens: int = 4096) -> list[OpCase]:
    """Returns all grids with all channels, each with about as many tokens in all."""
    return [
        OpCase(grid, channels, max(1, tokens // grid**2)) for channels in CHANNELS for grid in GRIDS
    ]


def step_runner(
    module: Callable[[Tensor], Tensor], inputs: list[Tensor], grad: Tensor, mode: str
) -> Callable[[], object]:
    """Returns a run of ``module(inputs[0])``, in one of ``MODES``, for a clock."""
    if mode == 'forward':

        def forward() -> None:
            with torch.no_grad():
                module(inputs[0])

        return forward
    return lambda: torch.autograd.grad(module(inputs[0]), inputs, grad)


def _bound(case: OpCase, mode: str, options: dict[str, Any]) -> Callable[[], object]:
    """Returns plain matrix products with the N^2 C multiply-adds of the dense operator.

    One forward; forward and backward together three: of the tokens, of their
    gradient, and of the matrix' gradient.
    """
    tokens = case.grid**2
    matrix = torch.randn(tokens, tokens, **options)
    columns = torch.randn(tokens, case.batch * case.channels, **options)

    def product() -> None:
        matrix @ columns
        if mode != 'forward':
            matrix.T @ columns
            columns @ columns.T

    return product


def benchmark_op(
    case: OpCase,
    rounds: int,
    device: str = 'cpu',
    dtype: torch.dtype = torch.float32,
    mode: str = 'forward + backward',
) -> dict[str, Any]:
    """Times every backend, a self-attention module and the bound of a dense product.

    ``conv`` is the depthwise ``conv2d`` with the full kernel; ``mhsa`` is the
    whole module (qkv projection, SDPA, output projection) that LKCA without
    projections replaces; ``bound`` is plain matrix products with as many
    multiply-adds as the dense operator has. What would take minutes is left out.

    Args:
        case: The sizes.
        rounds: Counted rounds.
        device: ``'cpu'`` or a CUDA device.
        dtype: Type of tokens and weights.
        mode: One of ``MODES``.

    Returns:
        The case, the median milliseconds of each, and how many times faster
        ``auto`` is than the depthwise convolution, the self-attention and the bound.
    """
    torch.manual_seed(0)
    tokens, taps = case.grid**2, 2 * case.grid - 1
    options = {'device': device, 'dtype': dtype}
    x = torch.randn(case.batch, tokens, case.channels, requires_grad=True, **options)
    weight = torch.randn(1, taps, taps, requires_grad=True, **options)
    grad = torch.randn(case.batch, tokens, case.channels, **options)
    grid = (case.grid, case.grid)

    def of_backend(name: str) -> Callable[[], object]:
        return step_runner(lambda x: lkca(x, weight, grid, name), [x, weight], grad, mode)

    candidates = {name: of_backend(name) for name in BACKENDS if _in_reach(name, tokens)}
    if _in_reach('mhsa', tokens):
        attention = MHSAMixer(case.channels, case.num_heads).to(**options)
        inputs = [x, *attention.parameters()]
        candidates['mhsa'] = step_runner(lambda x: attention(x, grid), inputs, grad, mode)
    if _in_reach('bound', tokens):
        candidates['bound'] = _bound(case, mode, options)
    medians = interleaved_medians(candidates, rounds, device)
    rivals = {'conv': 'depthwise conv2d', 'mhsa': 'mhsa with SDPA', 'bound': 'the bound'}
    return {
        **asdict(case),
        'mode': mode,
        'milliseconds': {name: 1e3 * seconds for name, seconds in medians.items()},
        'times_faster_than': {
            text: medians[name] / medians['auto']
            for name, text in rivals.items()
            if name in medians
        },
    }


def _in_reach(name: str, tokens: int) -> bool:
    return tokens <= _MOST_TOKENS.get(name, tokens)
