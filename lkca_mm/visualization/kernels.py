"""The kernels of the LKCA layers of a model."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from torch import nn

from lkca_mm.errors import ConfigError
from lkca_mm.models.mixers import LKCAMixer


class LayerKernels(NamedTuple):
    """What one LKCA layer has learned.

    Attributes:
        layer: The number of the transformer layer, or the module's name where
            it stands in no numbered one.
        weights: Kernels of shape (G, Kh, Kw), float32; the tap in the middle is the
            token itself.
    """

    layer: str
    weights: np.ndarray


def find_kernels(network: nn.Module, layers: Sequence[str] | None = None) -> list[LayerKernels]:
    """Collects the kernels of a model, in the order of its layers.

    Args:
        network: The model, or its backbone alone.
        layers: Which layers, as :class:`LayerKernels` names them; None for all.

    Raises:
        ConfigError: If the model has no LKCA layer, or none of a name that was given.
    """
    found = [
        LayerKernels(_layer_of(name), module.kernel.detach().float().cpu().numpy())
        for name, module in network.named_modules()
        if isinstance(module, LKCAMixer)
    ]
    if not found:
        raise ConfigError(f'{type(network).__name__} has no LKCA layer, so no kernel to draw')
    if layers is None:
        return found
    names = [kernels.layer for kernels in found]
    for layer in layers:
        if layer not in names:
            raise ConfigError(f'there is no LKCA layer {layer}; there are {", ".join(names)}')
    return [kernels for kernels in found if kernels.layer in layers]


def _layer_of(name: str) -> str:
    parts = name.split('.')
    if 'layers' in parts and parts.index('layers') + 1 < len(parts):
        return parts[parts.index('layers') + 1]
    return name
