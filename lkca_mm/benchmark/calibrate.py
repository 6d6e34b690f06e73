"""Finds the fastest backend of a shape on this machine."""

from functools import partial
from typing import Any

import torch

from lkca_mm.benchmark.op import MODES, step_runner
from lkca_mm.benchmark.timing import interleaved_medians
from lkca_mm.ops import lkca
from lkca_mm.ops.calibration import keep_choices, shape_key

# No candidate may hold more elements in one matrix than 4,096 tokens have.
_MOST_TOKENS = 64**2
_LARGEST_CONV = 15


def calibrate(
    shapes: list[tuple[tuple[int, int], tuple[int, int], int, int]],
    device: str = 'cpu',
    dtype: torch.dtype = torch.float32,
    tokens: int = 4096,
    rounds: int = 3,
) -> dict[str, dict[str, float]]:
    """Times the backends and keeps the fastest of each shape, in training and forward alone.

    Args:
        shapes: (Kh, Kw), (H, W), G and C of each shape.
        device: ``'cpu'`` or ``'cuda'``.
        dtype: Type of tokens and weights.
        tokens: Tokens in a batch, about.
        rounds: Counted rounds.

    Returns:
        Milliseconds by backend, by :func:`lkca_mm.ops.calibration.shape_key`.
    """
    found: dict[str, dict[str, float]] = {}
    for kernel_size, grid, groups, channels in shapes:
        size = grid[0] * grid[1]
        options: dict[str, Any] = {'device': device, 'dtype': dtype}
        x = torch.randn(max(1, tokens // size), size, channels, requires_grad=True, **options)
        weight = torch.randn(groups, *kernel_size, requires_grad=True, **options)
        grad = torch.randn_like(x)
        names = ['hybrid', 'fft']
        if size <= _MOST_TOKENS:
            names.append('toeplitz')
        if max(kernel_size) <= _LARGEST_CONV:
            names.append('conv')
        if device != 'cpu':
            names.append('triton')
        for mode in MODES:
            candidates = {
                name: step_runner(
                    partial(lkca, weight=weight, grid=grid, backend=name), [x, weight], grad, mode
                )
                for name in names
            }
            medians = interleaved_medians(candidates, rounds, device)
            shape = (kernel_size, grid, groups, channels)
            key = shape_key(x.element_size(), *shape, training=mode != 'forward')
            found[key] = {name: 1e3 * seconds for name, seconds in medians.items()}
    fastest = {key: min(times, key=times.__getitem__) for key, times in found.items()}
    keep_choices(torch.device(device).type, fastest)
    return found
