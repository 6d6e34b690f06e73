"""A network for pictures of one size: what depends on the size alone becomes a constant."""

import copy
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from lkca_mm.export.constant_mixer import ConstantMixer
from lkca_mm.export.pooling import PoolingProduct
from lkca_mm.models import LKCAMixer, VisionTrunk, resample_position_embedding


def fix_size(model: nn.Module, image: Tensor) -> nn.Module:
    """Returns a copy of a model that takes pictures of the size of ``image`` alone.

    LKCA's matrices are made, position embeddings resampled, and adaptive pooling that
    ONNX lacks turned into products. A module that meets several sizes stays as it is.

    Args:
        model: A model in evaluation mode.
        image: A batch of pictures (B, C, H, W) that goes through it.
    """
    model = copy.deepcopy(model)
    met: dict[str, set[tuple[int, int]]] = {}
    handles = []

    def watch(name: str, module: nn.Module, size_of: Callable[[tuple, Any], Any]) -> None:
        def note(module: nn.Module, args: tuple, result: Any) -> None:
            height, width = size_of(args, result)
            met.setdefault(name, set()).add((int(height), int(width)))

        handles.append(module.register_forward_hook(note))

    for name, module in model.named_modules():
        if isinstance(module, LKCAMixer):
            watch(name, module, lambda args, result: args[1])
        elif isinstance(module, nn.AdaptiveAvgPool2d):
            watch(name, module, lambda args, result: args[0].shape[-2:])
        elif isinstance(module, VisionTrunk):
            watch(name, module.patch_embed, lambda args, result: result[1])
    with torch.no_grad():
        model(image)
    for handle in handles:
        handle.remove()
    for name, sizes in met.items():
        if len(sizes) == 1:
            _replace(model, name, next(iter(sizes)))
    return model


def _replace(model: nn.Module, name: str, size: tuple[int, int]) -> None:
    """Replaces the module of that name, or what in it depends on the size."""
    module = model.get_submodule(name)
    parent, _, last = name.rpartition('.')
    if isinstance(module, LKCAMixer):
        setattr(model.get_submodule(parent), last, ConstantMixer(module, size))
    elif isinstance(module, VisionTrunk):
        resampled = resample_position_embedding(module.pos_embed, size, module.interpolate_mode)
        module.pos_embed = nn.Parameter(resampled.detach(), requires_grad=False)
    else:
        wanted = module.output_size
        pair = wanted if isinstance(wanted, (tuple, list)) else (wanted, wanted)
        target = tuple(side if to is None else to for side, to in zip(size, pair, strict=True))
        if any(side % to for side, to in zip(size, target, strict=True)):
            setattr(model.get_submodule(parent), last, PoolingProduct(size, target))
