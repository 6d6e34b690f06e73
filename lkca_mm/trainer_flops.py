"""FLOPs of the classification models as Tables 1-5 count them."""

from math import prod
from typing import Any

import torch
from torch import Tensor, nn

from lkca_mm.models import MHSAMixer


def _linear(module: nn.Linear, inputs: tuple[Tensor, ...], output: Tensor) -> int:
    return prod(output.shape) * module.in_features + _bias(module)


def _patches(module: nn.Conv2d, inputs: tuple[Tensor, ...], output: Tensor) -> int:
    """Counts the patch projection as what it is: a Linear over a patch's pixels."""
    return prod(output.shape) * module.weight[0].numel() + _bias(module)


def _bias(module: nn.Linear | nn.Conv2d) -> int:
    return 0 if module.bias is None else module.bias.numel()


def _norm(module: nn.LayerNorm, inputs: tuple[Tensor, ...], output: Tensor) -> int:
    return prod(output.shape)


def _gelu(module: nn.GELU, inputs: tuple[Tensor, ...], output: Tensor) -> int:
    # One for the activation and one for each element of its table: ptflops' own rule.
    return 2 * prod(output.shape)


def _softmax(module: MHSAMixer, inputs: tuple[Any, ...], output: Tensor) -> int:
    return module.num_heads * output.shape[1] ** 2


_RULES = {
    nn.Linear: _linear,
    nn.Conv2d: _patches,
    nn.LayerNorm: _norm,
    nn.GELU: _gelu,
    MHSAMixer: _softmax,
}


def count_trainer_flops(model: nn.Module, image_size: tuple[int, int]) -> int:
    """Counts a classifier by the rule that reproduces the FLOPs of Tables 1-5.

    They come from ptflops 0.7.1.2 on the authors' modules: multiply-adds of
    Linears, with the bias once, 1 an element for LayerNorm, 2 for GELU, heads x
    T^2 for a softmax over T tokens. It sees neither the products of
    self-attention, which the authors write as einsum, nor the convolution of LKCA
    (``F.conv2d``): both families are cheaper in print than they are.
    ``lkca_mm.complexity.count_complexity`` counts everything.

    Args:
        model: A classifier on a trunk of this package, on the CPU.
        image_size: Height and width of the image, in pixels.

    Returns:
        The count for one image.
    """
    total = 0

    def add(module: nn.Module, inputs: tuple[Any, ...], output: Tensor) -> None:
        nonlocal total
        total += _RULES[type(module)](module, inputs, output)

    handles = [m.register_forward_hook(add) for m in model.modules() if type(m) in _RULES]
    try:
        with torch.no_grad():
            model.eval()(torch.zeros(1, 3, *image_size))
    finally:
        for handle in handles:
            handle.remove()
    return total
