"""Parameters and multiply-adds of a model, as the paper counts and as it executes."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from math import prod
from typing import Any

import torch
from mmengine.analysis import FlopAnalyzer, parameter_count
from mmengine.config import Config
from mmengine.model import revert_sync_batchnorm
from mmengine.registry import MODELS, init_default_scope
from torch import Tensor, nn

from lkca_mm.models import LKCAMixer
from lkca_mm.ops import choose_backend, multiply_adds

# kernel size, grid, kernels, channels: the arguments of the operator's cost rule
_Shape = tuple[tuple[int, int], tuple[int, int], int, int]


@dataclass(frozen=True)
class Complexity:
    """What a model costs for one image.

    Attributes:
        params: Learnable parameters.
        paper_flops: Multiply-adds with every LKCA counted as the convolution
            view, as the paper's tables do.
        executed_flops: Multiply-adds of the backends that really run.
    """

    params: int
    paper_flops: float
    executed_flops: float


def _shape(value: Any) -> list[int]:
    return value.type().sizes()


def _attention(inputs: list[Any], outputs: list[Any]) -> float:
    """Counts scores and their product with the values; mmengine skips both."""
    query, key, value = (_shape(tensor) for tensor in inputs[:3])
    return prod(query[:-1]) * key[-2] * (query[-1] + value[-1])


def _mixers(model: nn.Module) -> list[LKCAMixer]:
    return [module for module in model.modules() if isinstance(module, LKCAMixer)]


@contextmanager
def _as_convolution(mixers: list[LKCAMixer]) -> Iterator[None]:
    """Runs every LKCA as the convolution view, the one whose trace shows all taps."""
    before = [mixer.backend for mixer in mixers]
    for mixer in mixers:
        mixer.backend = 'conv'
    try:
        yield
    finally:
        for mixer, backend in zip(mixers, before, strict=True):
            mixer.backend = backend


def _count(model: nn.Module, image: Tensor) -> float:
    analyzer = FlopAnalyzer(model, (image,))
    analyzer.set_op_handle('aten::scaled_dot_product_attention', _attention)
    analyzer.unsupported_ops_warnings(False).uncalled_modules_warnings(False)
    with warnings.catch_warnings():
        # Tracing turns shapes into constants, which is what is wanted here.
        warnings.simplefilter('ignore')
        return float(analyzer.total())


def _record_shapes(model: nn.Module, mixers: list[LKCAMixer], image: Tensor) -> list[_Shape]:
    """Returns the kernel size, grid, kernels and channels that each mixer meets."""
    shapes: list[_Shape] = []

    def record(mixer: LKCAMixer, inputs: tuple[Any, ...], output: Tensor) -> None:
        kernels, *kernel_size = mixer.kernel.shape
        shapes.append((tuple(kernel_size), inputs[1], kernels, output.shape[-1]))

    if not mixers:
        return []
    handles = [mixer.register_forward_hook(record) for mixer in mixers]
    with torch.no_grad():
        model(image)
    for handle in handles:
        handle.remove()
    return shapes


def count_complexity(
    model: nn.Module, image_size: tuple[int, int], device: str = 'cpu'
) -> Complexity:
    """Counts a model by mmengine's rules.

    Multiply-adds count once, norms and interpolation a little; activations,
    pooling and softmax count nothing. Self-attention's two products count.

    Args:
        model: A model on the CPU whose ``forward(image)`` returns tensors.
        image_size: Height and width of the image, in pixels.
        device: ``'cpu'`` or ``'cuda'``: where ``backend='auto'`` would run.

    Returns:
        The counts for one fp32 image.
    """
    model = model.eval()
    image = torch.zeros(1, 3, *image_size)
    mixers = [module for module in model.modules() if isinstance(module, LKCAMixer)]
    with _as_convolution(mixers):
        paper = _count(model, image)
    executed = paper
    for mixer, shape in zip(mixers, _record_shapes(model, mixers, image), strict=True):
        backend = mixer.backend
        if backend == 'auto':
            backend = choose_backend(device, image.element_size(), *shape, training=False)
        executed += multiply_adds(backend, *shape) - multiply_adds('conv', *shape)
    return Complexity(parameter_count(model)[''], paper, executed)


def build_for_counting(config: Config) -> nn.Module:
    """Builds a config's model as the paper counts it: without its auxiliary head.

    Args:
        config: A segmentation or classification config.

    Returns:
        The model on the CPU, in evaluation mode.
    """
    init_default_scope(config.get('default_scope', 'mmseg'))
    settings = config.model.copy()
    settings.pop('auxiliary_head', None)
    return revert_sync_batchnorm(MODELS.build(settings)).eval()
