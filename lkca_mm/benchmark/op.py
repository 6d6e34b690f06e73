"""The operator's views beside self-attention, depthwise convolution and a plain matrix product.

Beside each time stands its roofline, as NATTEN's profiler prints it: the larger of FLOPs over
the speed of a large matrix product and bytes over the bandwidth of a copy, measured in turn.
"""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor

from lkca_mm.benchmark.timing import interleaved_medians
from lkca_mm.models import MHSAMixer
from lkca_mm.ops import choose_backend, lkca, multiply_adds

VIEWS = ('toeplitz', 'hybrid', 'fft', 'conv')
MODES = ('forward', 'forward + backward')
DTYPES = {'fp32': torch.float32, 'bf16': torch.bfloat16, 'fp16': torch.float16}

# Tokens above which a candidate takes minutes or gigabytes and is left out; by device.
_MOST_TOKENS = {
    'cpu': {'toeplitz': 64**2, 'conv': 32**2, 'mhsa': 64**2, 'bound': 64**2},
    'cuda': {'conv': 64**2},
}
# Tokens in a batch of the sweep, side of the large product, elements of the copy; by device.
_SIZES = {'cpu': (4096, 1024, 2**24), 'cuda': (65536, 8192, 2**28)}


class OpCase(NamedTuple):
    """One point of the benchmark: the side of a square grid, channels C and images B."""

    grid: int
    channels: int
    batch: int


# CIFAR's ViT, UPerNet's at 512 pixels, FPN's at 512.
DEFAULT_CASES = (OpCase(8, 192, 128), OpCase(16, 384, 8), OpCase(32, 384, 4))


def sweep_cases(device: str = 'cpu') -> list[OpCase]:
    """Returns all grids with all widths, each with about as many tokens in all."""
    tokens, grids = _SIZES[torch.device(device).type][0], (8, 16, 32, 64, 128)
    return [OpCase(grid, c, max(1, tokens // grid**2)) for c in (192, 384, 768) for grid in grids]


def benchmark_op(case: OpCase, rounds: int, device: str, dtype: str, mode: str) -> dict[str, Any]:
    """Times every view, self-attention and a plain matrix product.

    ``conv`` is the depthwise ``conv2d``, ``mhsa`` the whole module that LKCA without projections
    replaces (on CUDA in bf16, PyTorch takes flash attention), ``bound`` matrix products with the
    N^2 C multiply-adds of the dense operator. What would take minutes is left out.

    Args:
        case: The sizes.
        rounds: Counted rounds.
        device: ``'cpu'`` or a CUDA device.
        dtype: One of ``DTYPES``, of tokens and weights.
        mode: One of ``MODES``.

    Returns:
        The case; the median ``milliseconds`` of each; its ``roofline``, the milliseconds that
        its FLOPs and bytes take at ``matmul_tflops`` and ``copy_gigabytes_per_second``; and how
        many times faster ``auto`` is than convolution, self-attention and matrix product.
    """
    torch.manual_seed(0)
    kind, taps, channels = torch.device(device).type, 2 * case.grid - 1, case.channels
    heads = math.gcd(6, channels)
    options: dict[str, Any] = {'device': device, 'dtype': DTYPES[dtype]}
    learned = options | {'requires_grad': True}
    x = torch.randn(case.batch, case.grid**2, channels, **learned)
    weight = torch.randn(1, taps, taps, **learned)
    candidates = _steps(x, weight, ('auto', *VIEWS), mode)
    if _in_reach('mhsa', x):
        attention = MHSAMixer(channels, heads).to(**options)
        inputs = [x, *attention.parameters()]
        candidates['mhsa'] = _step(lambda x: attention(x, (case.grid,) * 2), inputs, mode)
    if _in_reach('bound', x):
        matrix = torch.randn(case.grid**2, case.grid**2, **learned)
        columns = torch.randn(case.grid**2, case.batch * channels, **learned)
        candidates['bound'] = _step(lambda columns: matrix @ columns, [columns, matrix], mode)
    _, side, copied = _SIZES[kind]
    square, (source, target) = torch.randn(side, side, **options), torch.zeros(2, copied, **options)
    peaks = {'peak': lambda: square @ square, 'copy': lambda: target.copy_(source)}

    medians = interleaved_medians({**candidates, **peaks}, rounds, device)
    flops_rate = 2 * side**3 / medians.pop('peak')
    bytes_rate = 2 * source.numel() * source.element_size() / medians.pop('copy')
    sizes = ((taps, taps), (case.grid, case.grid), 1, channels)
    auto = choose_backend(kind, x.element_size(), *sizes, training=mode != MODES[0])
    work = {name: _work(auto if name == 'auto' else name, case, mode) for name in medians}
    rivals = (('conv', 'depthwise conv2d'), ('mhsa', 'mhsa with SDPA'), ('bound', 'the bound'))
    return {
        **case._asdict(),
        'num_heads': heads,
        'mode': mode,
        'milliseconds': {name: 1e3 * seconds for name, seconds in medians.items()},
        'roofline': {
            name: 1e3 * max(flops / flops_rate, x.element_size() * elements / bytes_rate)
            for name, (flops, elements) in work.items()
        },
        'matmul_tflops': flops_rate / 1e12,
        'copy_gigabytes_per_second': bytes_rate / 1e9,
        'times_faster_than': {
            text: medians[name] / medians['auto'] for name, text in rivals if name in medians
        },
    }


def _in_reach(name: str, x: Tensor) -> bool:
    return x.shape[1] <= _MOST_TOKENS[x.device.type].get(name, x.shape[1])


def _steps(x: Tensor, weight: Tensor, views: tuple[str, ...], mode: str) -> dict[str, Any]:
    grid = (int(x.shape[1] ** 0.5),) * 2
    return {
        name: _step(lambda x, name=name: lkca(x, weight, grid, name), [x, weight], mode)
        for name in views
        if _in_reach(name, x)
    }


def _step(module: Callable[[Tensor], Tensor], inputs: list[Tensor], mode: str) -> Any:
    if mode == MODES[0]:
        return lambda: torch.no_grad()(module)(inputs[0])
    grad = torch.randn_like(inputs[0])
    return lambda: torch.autograd.grad(module(inputs[0]), inputs, grad)


def _work(name: str, case: OpCase, mode: str) -> tuple[float, int]:
    """Returns FLOPs and the elements to read and write; backward counts as two passes forward."""
    taps, tokens, channels = 2 * case.grid - 1, case.grid**2, case.channels
    passes, moves = (1, 2) if mode == MODES[0] else (3, 5)
    if name == 'mhsa':
        products, weights = 4 * tokens * channels**2 + 2 * tokens**2 * channels, 4 * channels**2
    elif name == 'bound':
        products, weights = tokens**2 * channels, tokens**2
    else:
        sizes = ((taps, taps), (case.grid, case.grid), 1, channels)
        products, weights = multiply_adds(name, *sizes), taps**2
    flops = 2 * passes * case.batch * products
    return flops, passes * weights + moves * case.batch * tokens * channels
