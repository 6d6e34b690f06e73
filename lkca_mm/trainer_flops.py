"""FLOPs of the classification models as Tables 1-5 count them."""

from collections.abc import Callable
from math import prod
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

from lkca_mm.models import MHSAMixer
from lkca_mm.models.vit import PatchEmbedding


def _outputs(times: int = 1) -> Callable[..., int]:
    """Returns the rule that counts each element of the result so many times."""
    return lambda module, inputs, output: times * prod(output.shape)


def _inputs(module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> int:
    return prod(inputs[0].shape)


def _linear(module: nn.Linear, inputs: tuple[Tensor, ...], output: Tensor) -> int:
    return prod(output.shape) * module.in_features + _bias(module)


def _convolution(module: nn.Conv2d, inputs: tuple[Tensor, ...], output: Tensor) -> int:
    positions = prod(output.shape[2:])
    return prod(output.shape) * module.weight[0].numel() + _bias(module) * positions


def _bias(module: nn.Linear | nn.Conv2d) -> int:
    return 0 if module.bias is None else module.bias.numel()


def _patches(module: PatchEmbedding, inputs: tuple[Tensor, ...], output: tuple) -> int:
    """Takes back all but one bias of the patch projection: the authors' is a Linear."""
    tokens, _ = output
    return -_bias(module.projection) * (tokens.shape[1] - 1)


def _softmax(module: MHSAMixer, inputs: tuple[Any, ...], output: Tensor) -> int:
    return module.num_heads * output.shape[1] ** 2


def _product(arguments: tuple[Tensor, ...]) -> int:
    left, right = arguments[:2]
    return prod(left.shape) * right.shape[-1]


_MODULES = {
    nn.Linear: _linear,
    nn.Conv2d: _convolution,
    nn.LayerNorm: _outputs(),
    nn.BatchNorm2d: _outputs(2),
    # With the function that it calls, 2 an element: ptflops' own rule. So is pooling.
    nn.GELU: _outputs(),
    nn.AdaptiveAvgPool2d: _inputs,
    PatchEmbedding: _patches,
    MHSAMixer: _softmax,
}
_ELEMENTWISE = (F.gelu, F.silu, F.softmax, F.adaptive_avg_pool2d)


class _Functions(TorchFunctionMode):
    """Counts what ptflops finds by replacing functions: neither ``@`` nor einsum."""

    def __init__(self) -> None:
        super().__init__()
        self.total = 0

    def __torch_function__(
        self, func: Any, types: Any, args: tuple = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        if func is torch.matmul:
            self.total += _product(args)
        elif func in _ELEMENTWISE:
            self.total += prod(args[0].shape)
        return func(*args, **(kwargs or {}))


def _rule(module: nn.Module) -> Callable[..., int] | None:
    return next((rule for kind, rule in _MODULES.items() if isinstance(module, kind)), None)


def count_trainer_flops(model: nn.Module, image_size: tuple[int, int]) -> int:
    """Counts a classifier by the rule that reproduces the FLOPs of Tables 1-5.

    They come from ptflops 0.7.1.2 on the authors' modules: multiply-adds of
    Linears, with the bias once, and of convolutions, 1 an element for LayerNorm, 2
    for BatchNorm, GELU and average pooling, 1 for SiLU, heads x T^2 for a softmax
    over T tokens, and the products of ``torch.matmul``. It sees neither products
    that are written as einsum or ``@``, nor the convolution of LKCA
    (``F.conv2d``): the models are cheaper in print than they are.
    ``lkca_mm.complexity.count_complexity`` counts everything.

    Args:
        model: A classifier, on the CPU.
        image_size: Height and width of the image, in pixels.

    Returns:
        The count for one image.
    """
    total = 0

    def add(module: nn.Module, inputs: tuple[Any, ...], output: Any) -> None:
        nonlocal total
        total += _rule(module)(module, inputs, output)

    handles = [m.register_forward_hook(add) for m in model.modules() if _rule(m)]
    functions = _Functions()
    try:
        with torch.no_grad(), functions:
            model.eval()(torch.zeros(1, 3, *image_size))
    finally:
        for handle in handles:
            handle.remove()
    return total + functions.total
