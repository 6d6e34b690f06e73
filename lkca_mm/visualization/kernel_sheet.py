"""All kernels of a model on one sheet."""

import math
from collections.abc import Sequence
from pathlib import Path

from lkca_mm.visualization.figure import plotter, save_figure
from lkca_mm.visualization.kernels import LayerKernels

# Red and blue are told apart by colour-blind readers too; white is 0.
_MAP = 'RdBu_r'
# Of one kernel, in inches.
_SIDE = 1.9


def draw_kernel_sheet(
    layers: Sequence[LayerKernels], title: str, path: str | Path, max_kernels: int = 12
) -> None:
    """Draws every kernel over its offsets, each on a scale of its own that its title names.

    Layers of one kernel each follow one another; a layer of several has its own rows.

    Args:
        layers: What :func:`lkca_mm.visualization.kernels.find_kernels` returned.
        title: The sheet's title.
        path: Where it goes, .png or .svg.
        max_kernels: At most so many kernels of a layer are drawn, the first ones.
    """
    panels = [
        (layer, index) for layer in layers for index in range(min(max_kernels, len(layer.weights)))
    ]
    most = max(len(layer.weights) for layer in layers)
    columns = min(max_kernels, most, 6) if most > 1 else _columns(len(panels))
    cells = _cells([layer.layer for layer, _ in panels], columns)
    rows = 1 + max(row for row, _ in cells)

    # As high as the kernels' proportions ask for, and two lines of text.
    _, taps_down, taps_across = layers[0].weights.shape
    figure, axes = plotter().subplots(
        rows,
        columns,
        figsize=(_SIDE * columns + 1.2, (_SIDE * taps_down / taps_across + 0.6) * rows + 0.8),
        squeeze=False,
        layout='constrained',
    )
    for axis in axes.flat:
        axis.set_visible(False)
    for (layer, index), (row, column) in zip(panels, cells, strict=True):
        axis, weights = axes[row][column], layer.weights[index]
        axis.set_visible(True)
        _, height, width = layer.weights.shape
        scale = float(abs(weights).max())
        image = axis.imshow(
            weights,
            cmap=_MAP,
            # A kernel of zeros is white, not without a scale.
            vmin=-scale or -1.0,
            vmax=scale or 1.0,
            interpolation='nearest',
            extent=(-width / 2, width / 2, height / 2, -height / 2),
        )
        number = f', kernel {index}' if len(layer.weights) > 1 else ''
        axis.set_title(f'layer {layer.layer}{number}\n{_scale_text(scale)}', fontsize=9)
        axis.set_xticks(_ticks(width))
        axis.set_yticks(_ticks(height))
        axis.tick_params(labelsize=8)
        if column == 0:
            axis.set_ylabel('dy, tokens', fontsize=8)
        if (row + 1, column) not in cells:
            axis.set_xlabel('dx, tokens', fontsize=8)
    if most > max_kernels:
        title += f'\nthe first {max_kernels} of {most} kernels a layer'
    figure.suptitle(title, fontsize=11)
    bar = figure.colorbar(image, ax=axes, shrink=min(0.7, 2.1 / rows), aspect=25, pad=0.02)
    low, high = image.get_clim()
    bar.set_ticks([low, 0, high], labels=['-scale', '0', '+scale'])
    bar.ax.tick_params(labelsize=8)
    save_figure(figure, path)


def _columns(count: int) -> int:
    """Returns the columns of a sheet that is about as wide as it is high, or wider."""
    return min(count, max(3, math.ceil(math.sqrt(count))))


def _cells(layers: Sequence[str], columns: int) -> list[tuple[int, int]]:
    """Returns row and column of each panel; a layer of several kernels begins a row."""
    several = len(set(layers)) < len(layers)
    cells: list[tuple[int, int]] = []
    row, column = 0, 0
    for number, layer in enumerate(layers):
        new = several and number and layer != layers[number - 1]
        if column and (new or column == columns):
            row, column = row + 1, 0
        cells.append((row, column))
        column += 1
    return cells


def _scale_text(scale: float) -> str:
    return f'scale ±{scale:.2g}' if scale else 'all taps are 0'


def _ticks(size: int) -> list[int]:
    """Returns the middle and whole offsets to both sides that fit into ``size`` taps."""
    reach = size // 2
    step = max(1, reach if reach < 5 else 5 * round(reach / 5 / 1.4) or reach)
    return [-step, 0, step] if reach else [0]
