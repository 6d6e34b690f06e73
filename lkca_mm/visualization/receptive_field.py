"""Effective receptive fields: which pixels the centre of the last feature map depends on."""

import copy
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from matplotlib.colors import LogNorm
from matplotlib.patches import Rectangle
from torch import Tensor, nn
from torchvision.transforms.functional import center_crop, resize

from lkca_mm.apis import preprocess
from lkca_mm.errors import ConfigError
from lkca_mm.models import VisionTrunk
from lkca_mm.visualization.figure import new_figure, save_figure

SHARES = {0.5: '-', 0.9: '--'}
"""The shares of a field that are measured, and the dashes of their squares."""
_RANGE = 1e4  # of the colours: brightest to darkest


def load_squares(model: nn.Module, paths: Sequence[Path], side: int) -> Tensor:
    """Reads images through the test pipeline of a model of :func:`lkca_mm.apis.load_model`.

    Returns:
        The largest squares in the middle of what it leaves, resized, (B, 3, side, side).
    """
    squares = []
    for path in paths:
        image = model.data_preprocessor(preprocess(model, path), False)['inputs']
        square = center_crop(image, min(image.shape[-2:]))
        squares.append(resize(square, [side, side], antialias=True))
    return torch.cat(squares)


def measure_field(
    backbone: nn.Module, images: Tensor, directions: int = 8, seed: int = 0
) -> np.ndarray:
    """Measures the effective receptive field of a backbone (Luo et al., arXiv 1701.04128).

    It is the gradient of the centre of the last feature map with respect to the image,
    absolute, summed over the colours, averaged over the images. The gradient is that of the
    sum of the channels with random signs: the plain sum is constant behind a LayerNorm.

    Args:
        backbone: Maps images to one or several maps (B, C, h, w); in evaluation mode.
        images: Normalised images of shape (B, 3, H, W), taken one at a time.
        directions: How many draws of signs.
        seed: Seed of the signs.

    Returns:
        Each pixel's share of the whole, shape (H, W), float64; they sum to 1.

    Raises:
        ConfigError: If the backbone returns no map, or no pixel affects it.
    """
    name, backbone = type(backbone).__name__, copy.deepcopy(backbone)
    if isinstance(backbone, VisionTrunk):
        backbone.out_type = 'featmap'  # of a classifier too
    generator = torch.Generator().manual_seed(seed)
    total = torch.zeros(images.shape[-2:], dtype=torch.float64)
    signs: Tensor | None = None
    for image in images:
        image = image[None].detach().requires_grad_()
        features = backbone(image)
        features = features[-1] if isinstance(features, (list, tuple)) else features
        if not isinstance(features, Tensor) or features.dim() != 4:
            raise ConfigError(f'{name} returns no feature map (B, C, h, w)')
        height, width = features.shape[-2:]
        centre = features[0, :, height // 2, width // 2]
        if signs is None:
            signs = 2.0 * torch.randint(2, (directions, len(centre)), generator=generator) - 1
        for row in signs.to(centre):
            (gradient,) = torch.autograd.grad(centre @ row, image, retain_graph=True)
            total += gradient[0].cpu().double().abs().sum(dim=0)
    if not total.sum() > 0:
        raise ConfigError(f'{name}: no pixel affects the last feature map')
    return (total / total.sum()).numpy()


class FieldExtent(NamedTuple):
    """The smallest square, and the fewest pixels, that hold a share of a receptive field."""

    side: int  # of the square, in pixels
    top: int
    left: int
    square: float  # its share of the image
    pixels: float  # share of the image that the fewest pixels make up


def measure_extent(field: np.ndarray, share: float) -> FieldExtent:
    """Measures where ``share``, in (0, 1], of a receptive field of shape (S, S) lies.

    The square is not tied to the middle: strides and paddings move a feature in the image.
    """
    enough = share * field.sum() * (1 - 1e-9)  # sums are off by rounding
    # Of everything above and to the left, so that a square's sum is four look-ups.
    sums = np.pad(field, ((1, 0), (1, 0))).cumsum(axis=0).cumsum(axis=1)

    def held(side: int) -> np.ndarray:
        below = sums[side:] - sums[:-side]
        return below[:, side:] - below[:, :-side]

    sides = range(1, len(field) + 1)
    side = sides[bisect_left(sides, enough, key=lambda side: held(side).max())]
    top, left = np.unravel_index(int(held(side).argmax()), held(side).shape)
    largest_first = np.cumsum(np.sort(field, axis=None)[::-1])
    pixels = (np.searchsorted(largest_first, enough) + 1) / field.size
    return FieldExtent(side, int(top), int(left), side**2 / field.size, float(pixels))


def draw_fields(fields: Mapping[str, np.ndarray], title: str, path: str | Path) -> None:
    """Draws fields, all of one shape (S, S), with the squares that hold 50 and 90 % of each.

    Args:
        fields: What :func:`measure_field` returned, by what stands above each panel.
        title: The title.
        path: The file, .png or .svg.
    """
    figure = new_figure(3.3 * len(fields) + 1, 4.8)
    axes = figure.subplots(1, len(fields), squeeze=False)
    side = len(next(iter(fields.values())))
    pool = nn.AdaptiveAvgPool2d(min(128, side))  # more cells cannot be seen
    shown = {name: pool(torch.from_numpy(field)[None])[0] for name, field in fields.items()}
    brightest = float(max(cells.max() for cells in shown.values()))
    scale = LogNorm(brightest / _RANGE, brightest)
    for axis, (name, field) in zip(axes[0], fields.items(), strict=True):
        cells = shown[name].clip(min=brightest / _RANGE)  # 0 has no logarithm
        image = axis.imshow(cells, norm=scale, interpolation='nearest', extent=(0, side, side, 0))
        lines = [name]
        for share, dashes in SHARES.items():
            extent = measure_extent(field, share)
            lines.append(
                f'{share:.0%} in a square of {extent.side} px, {extent.square:.1%} of the image'
            )
            frame = Rectangle((extent.left, extent.top), extent.side, extent.side, fill=False)
            frame.set(edgecolor='white', linestyle=dashes, linewidth=1.6)
            frame.set_label(f'smallest square with {share:.0%} of the field')
            axis.add_patch(frame)
        axis.set_title('\n'.join(lines), fontsize=9)
        ticks = [0, side // 2, side]
        axis.set(xlim=(0, side), ylim=(side, 0), xticks=ticks, yticks=ticks, xlabel='pixels')
    style = {'ncols': 2, 'fontsize': 8, 'facecolor': '#440154', 'labelcolor': 'white'}
    labels = axes[0][0].get_legend_handles_labels()
    figure.legend(*labels, loc='outside lower center', **style)
    figure.colorbar(image, ax=axes, shrink=0.8, label="share of the model's field in a pixel")
    figure.suptitle(title, fontsize=11)
    save_figure(figure, path)
