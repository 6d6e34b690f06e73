"""Effective receptive fields of several models, side by side on one scale."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional as F

from lkca_mm.visualization.field_extent import measure_extent
from lkca_mm.visualization.figure import plotter, save_figure
from lkca_mm.visualization.legend import percent

SHARES = (0.5, 0.9)
_DASHES = ('-', '--')
_MAP = 'viridis'
# What is this much darker than the brightest cell of all models is as dark as nothing.
_RANGE = 1e4
# More cells on a side cannot be seen, and make noise of what lies between.
_CELLS = 128


def draw_field_sheet(fields: Mapping[str, np.ndarray], title: str, path: str | Path) -> None:
    """Draws one panel a model, with the squares that hold 50 and 90 % of its field.

    Args:
        fields: What :func:`lkca_mm.visualization.receptive_field.measure_field` returned,
            all of one shape, keyed by what stands above each panel.
        title: The sheet's title.
        path: Where it goes, .png or .svg.
    """
    pyplot = plotter()
    from matplotlib.colors import LogNorm
    from matplotlib.lines import Line2D
    from matplotlib.patheffects import withStroke

    figure, axes = pyplot.subplots(
        1, len(fields), figsize=(3.3 * len(fields) + 1, 4.8), squeeze=False, layout='constrained'
    )
    shown = {name: _coarse(field) for name, field in fields.items()}
    brightest = max(cells.max() for cells in shown.values())
    most_lines = max(name.count('\n') for name in fields)
    scale = LogNorm(brightest / _RANGE, brightest)
    for axis, (name, field) in zip(axes[0], fields.items(), strict=True):
        side = len(field)
        image = axis.imshow(
            # The logarithm of nothing has no colour.
            shown[name].clip(min=brightest / _RANGE),
            cmap=_MAP,
            norm=scale,
            interpolation='nearest',
            extent=(0, side, side, 0),
        )
        # All names of the same height, so that the figures stand in one line.
        lines = [name, *[''] * (most_lines - name.count('\n'))]
        for share, dashes in zip(SHARES, _DASHES, strict=True):
            extent = measure_extent(field, share)
            covered = percent(extent.square)
            lines.append(f'{share:.0%} in a square of {extent.side} px, {covered} of the image')
            axis.add_patch(
                pyplot.Rectangle(
                    (extent.left, extent.top),
                    extent.side,
                    extent.side,
                    fill=False,
                    edgecolor='white',
                    linestyle=dashes,
                    linewidth=1.4,
                    path_effects=[withStroke(linewidth=3, foreground='black')],
                )
            )
        axis.set_title('\n'.join(lines), fontsize=9)
        axis.set(xlim=(0, side), ylim=(side, 0))
        axis.set_xticks([0, side // 2, side])
        axis.set_yticks([0, side // 2, side])
        axis.set_xlabel('pixels\n', fontsize=8)
        axis.tick_params(labelsize=8)
    lines = [Line2D([], [], color='black', linestyle=dashes) for dashes in _DASHES]
    labels = [f'smallest square with {share:.0%} of the field' for share in SHARES]
    figure.legend(
        lines, labels, loc='outside lower center', ncols=len(fields), fontsize=8, frameon=False
    )
    bar = figure.colorbar(image, ax=axes, shrink=0.8, pad=0.02)
    bar.set_label("share of the model's field in a pixel", fontsize=8)
    bar.ax.tick_params(labelsize=8)
    figure.suptitle(f'{title}\n', fontsize=11)
    save_figure(figure, path)


def _coarse(field: np.ndarray) -> np.ndarray:
    """Returns the mean of the pixels of each cell."""
    cells = min(_CELLS, len(field))
    return F.adaptive_avg_pool2d(torch.from_numpy(field)[None, None], cells)[0, 0].numpy()
