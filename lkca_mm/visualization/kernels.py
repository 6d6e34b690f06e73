"""The kernels of a model's LKCA layers: finding and drawing them."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from torch import nn

from lkca_mm.errors import ConfigError
from lkca_mm.models import LKCAMixer
from lkca_mm.visualization.figure import new_figure, save_figure

_SIDE = 1.9  # of one kernel, in inches


def find_kernels(network: nn.Module, layers: Sequence[str] | None = None) -> dict[str, np.ndarray]:
    """Collects the kernels of a model, in the order of its layers.

    Args:
        network: The model or its backbone.
        layers: The numbers of the layers; None for all.

    Returns:
        Kernels of shape (G, Kh, Kw), float32, by the layer's number (outside of a numbered layer
        by the module's name); the middle tap is the token itself.

    Raises:
        ConfigError: If the model has no LKCA layer, or none of a number in ``layers``.
    """
    found = {}
    for name, module in network.named_modules():
        if isinstance(module, LKCAMixer):
            parts = name.split('.')
            layer = parts[parts.index('layers') + 1] if 'layers' in parts else name
            found[layer] = module.kernel.detach().float().cpu().numpy()
    if not found:
        raise ConfigError(f'{type(network).__name__} has no LKCA layer, so no kernel to draw')
    if missing := [layer for layer in layers or () if layer not in found]:
        raise ConfigError(f'there is no LKCA layer {missing[0]}; there are {", ".join(found)}')
    return {layer: kernels for layer, kernels in found.items() if layer in (layers or found)}


def draw_kernels(
    layers: Mapping[str, np.ndarray], title: str, path: str | Path, max_kernels: int = 12
) -> None:
    """Draws every kernel over its offsets, each on a scale of its own that its title names.

    Layers of one kernel follow one another; a layer of several has a row of its own.

    Args:
        layers: What :func:`find_kernels` returned.
        title: The title.
        path: The file, .png or .svg.
        max_kernels: How many kernels of a layer are drawn, the first ones.
    """
    most = max(len(kernels) for kernels in layers.values())
    if most > max_kernels:
        title += f'\nthe first {max_kernels} of {most} kernels a layer'
    panels = {
        f'layer {layer}' + (f', kernel {index}' if most > 1 else ''): kernel
        for layer, kernels in layers.items()
        for index, kernel in enumerate(kernels[:max_kernels])
    }
    columns = min(most, max_kernels) if most > 1 else math.ceil(math.sqrt(len(panels)))
    rows = math.ceil(len(panels) / columns)
    _, taps_down, taps_across = next(iter(layers.values())).shape
    row_height = _SIDE * taps_down / taps_across + 0.5
    figure = new_figure(_SIDE * columns + 1.8, row_height * rows + 0.8)
    axes = figure.subplots(rows, columns, squeeze=False)
    for axis in axes.flat[len(panels) :]:
        axis.set_visible(False)
    for axis, (name, weights) in zip(axes.flat, panels.items(), strict=False):
        height, width = weights.shape
        scale = float(abs(weights).max())
        extent = (-width / 2, width / 2, height / 2, -height / 2)
        limits = {'vmin': -scale or -1.0, 'vmax': scale or 1.0}  # a kernel of zeros is white
        image = axis.imshow(weights, cmap='RdBu_r', extent=extent, **limits)
        text = f'scale ±{scale:.2g}' if scale else 'all taps are 0'
        axis.set_title(f'{name}\n{text}', fontsize=9)
        axis.locator_params(nbins=4, integer=True)
        axis.tick_params(labelsize=8)
    figure.supxlabel('dx, tokens', fontsize=9)
    figure.supylabel('dy, tokens', fontsize=9)
    figure.suptitle(title, fontsize=11)
    bar = figure.colorbar(image, ax=axes, shrink=min(0.7, 2.1 / rows), aspect=25, pad=0.02)
    bar.set_ticks([image.norm.vmin, 0, image.norm.vmax], labels=['-scale', '0', '+scale'])
    save_figure(figure, path)
