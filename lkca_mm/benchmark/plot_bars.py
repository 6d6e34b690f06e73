"""Times of models, training loops and data pipelines, as bars."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lkca_mm.benchmark.plot import PLOT_DPI
from lkca_mm.visualization.figure import plotter, save_figure

# Okabe and Ito's colours, which colour-blind readers can tell apart, and a hatching each.
_COLOURS = ('#0072B2', '#E69F00', '#009E73', '#CC79A7', '#56B4E9', '#D55E00', '#F0E442', '#999999')
_HATCHES = ('', '//', '..', 'xx', '\\\\', '++', 'oo', '--')


def plot_models(results: list[dict[str, Any]], title: str, path: str | Path) -> None:
    """Draws milliseconds an image, in training and inference.

    Args:
        results: What :func:`lkca_mm.benchmark.model.benchmark_models` returned.
        title: The figure's title.
        path: Where it goes, .png or .svg.
    """
    bars = {}
    for result in results:
        how = f'{result["precision"]}, {result["mode"]}, {result["train_peak_mib"]:,.0f} MiB'
        bars[f'{Path(result["config"]).stem}\n{how}'] = {
            'training step': 1e3 / result['train_images_per_second'],
            'inference': 1e3 / result['infer_images_per_second'],
        }
    _draw(bars, title, 'ms an image', path, stacked=False)


def plot_train(results: list[dict[str, Any]], title: str, path: str | Path) -> None:
    """Draws the parts of an iteration above the bare step, its bound.

    Args:
        results: What :func:`lkca_mm.benchmark.train.benchmark_train` returned, and ``config``.
        title: The figure's title.
        path: Where it goes, .png or .svg.
    """
    bars: dict[str, dict[str, float]] = {}
    for result in results:
        name = f'{Path(result["config"]).stem}, batch {result["batch_size"]}'
        bars[f'{name}\nthe loop, {result["times_bare"]:.2f} times the bare step'] = {
            part: micro / 1e3 for part, micro in result['parts'].items()
        }
        bars['bare step'] = {'forward + backward + optimizer': result['microseconds']['bare'] / 1e3}
    bound = results[0]['microseconds']['bare'] / 1e3 if len(results) == 1 else None
    _draw(bars, title, 'ms an iteration', path, stacked=True, bound=bound)


def plot_data(results: list[dict[str, Any]], title: str, path: str | Path) -> None:
    """Draws the stages of a pipeline on one core, from reading to collating.

    Args:
        results: What :func:`lkca_mm.benchmark.data.benchmark_data` returned, and ``config``.
        title: The figure's title.
        path: Where it goes, .png or .svg.
    """
    bars = {
        f'{Path(r["config"]).stem}\n{r["images_per_second"]:,.0f} images/s': r['microseconds']
        for r in results
    }
    _draw(bars, title, 'microseconds an image', path, stacked=True)


def _draw(
    bars: Mapping[str, Mapping[str, float]],
    title: str,
    unit: str,
    path: str | Path,
    stacked: bool,
    bound: float | None = None,
) -> None:
    """Draws one row a key, its parts in a line or below each other."""
    pyplot = plotter()
    parts = list(dict.fromkeys(part for row in bars.values() for part in row))
    figure, axis = pyplot.subplots(figsize=(9, 1.4 + 0.8 * len(bars)))
    rows = range(len(bars))
    most = max(sum(row.values()) if stacked else max(row.values()) for row in bars.values())
    left = [0.0] * len(bars)
    height = 0.7 if stacked else 0.8 / len(parts)
    for index, part in enumerate(parts):
        values = [row.get(part, 0.0) for row in bars.values()]
        shift = 0.0 if stacked else (index - (len(parts) - 1) / 2) * height
        drawn = axis.barh(
            [row + shift for row in rows],
            values,
            height,
            left=left if stacked else None,
            label=part,
            color=_COLOURS[index % len(_COLOURS)],
            hatch=_HATCHES[(index + index // len(_COLOURS)) % len(_HATCHES)],
            edgecolor='white',
        )
        if not stacked:
            axis.bar_label(drawn, [f'{value:,.0f}' for value in values], padding=3)
        else:
            left = [before + value for before, value in zip(left, values, strict=True)]
    if bound is not None:
        axis.axvline(bound, color='black', linestyle='--', label='bound: bare step')
    axis.set(xlabel=unit, xlim=(0, 1.12 * most), title=title)
    axis.set_yticks(list(rows), list(bars))
    axis.invert_yaxis()
    axis.grid(axis='x', alpha=0.3)
    axis.set_axisbelow(True)
    axis.legend(loc='center left', bbox_to_anchor=(1.02, 0.5), frameon=False)
    save_figure(figure, path, PLOT_DPI)
