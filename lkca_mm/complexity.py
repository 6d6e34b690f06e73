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
from torch import nn

from lkca_mm.errors import ConfigError
from lkca_mm.models import LKCAMixer
from lkca_mm.ops import choose_backend, multiply_adds


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
def _as_convolution(model: nn.Module) -> Iterator[None]:
    """Runs every LKCA as the convolution view, the one whose trace shows all taps."""
    mixers = _mixers(model)
    before = [mixer.backend for mixer in mixers]
    for mixer in mixers:
        mixer.backend = 'conv'
    try:
        yield
    finally:
        for mixer, backend in zip(mixers, before, strict=True):
            mixer.backend = backend


def _saved_by_backends(model: nn.Module, image: torch.Tensor) -> float:
    """Returns what the chosen backends execute less than the convolution view would."""
    saved = 0.0

    def compare(mixer: LKCAMixer, inputs: tuple[Any, ...], output: torch.Tensor) -> None:
        nonlocal saved
        grid, channels = inputs[1], output.shape[-1]
        shape = (tuple(mixer.kernel.shape[1:]), grid, mixer.kernel.shape[0], channels)
        backend = mixer.backend
        if backend == 'auto':
            backend = choose_backend(output.device.type, output.element_size(), *shape)
        saved += multiply_adds('conv', *shape) - multiply_adds(backend, *shape)

    handles = [mixer.register_forward_hook(compare) for mixer in _mixers(model)]
    try:
        with torch.no_grad():
            model(image)
    finally:
        for handle in handles:
            handle.remove()
    return saved


def _count(model: nn.Module, image: torch.Tensor) -> float:
    analyzer = FlopAnalyzer(model, (image,))
    analyzer.set_op_handle('aten::scaled_dot_product_attention', _attention)
    analyzer.unsupported_ops_warnings(False).uncalled_modules_warnings(False)
    with warnings.catch_warnings():
        # Tracing turns shapes into constants, which is what is wanted here.
        warnings.simplefilter('ignore')
        return float(analyzer.total())


def count_complexity(model: nn.Module, image_size: tuple[int, int]) -> Complexity:
    """Counts a model by mmengine's rules.

    Multiply-adds count once, norms and interpolation a little; activations,
    pooling and softmax count nothing. Self-attention's two products count.

    Args:
        model: A model whose ``forward(image)`` returns tensors.
        image_size: Height and width of the image, in pixels.

    Returns:
        The counts for one image.
    """
    model = model.eval()
    image = torch.zeros(1, 3, *image_size, device=next(model.parameters()).device)
    with _as_convolution(model):
        paper = _count(model, image)
    executed = paper - _saved_by_backends(model, image)
    return Complexity(parameter_count(model)[''], paper, executed)


def build_for_counting(config: Config) -> nn.Module:
    """Builds a config's model as the paper counts it: without its auxiliary head.

    Args:
        config: A segmentation or classification config.

    Returns:
        The model on the CPU, in evaluation mode.

    Raises:
        ConfigError: If the config has no model.
    """
    if 'model' not in config:
        raise ConfigError(f'{config.filename}: has no key `model`')
    init_default_scope(config.get('default_scope', 'mmseg'))
    settings = config.model.copy()
    settings.pop('auxiliary_head', None)
    return revert_sync_batchnorm(MODELS.build(settings)).eval()
