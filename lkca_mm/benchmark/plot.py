"""The operator's time against grid size, on logarithmic axes."""

from pathlib import Path
from typing import Any

from lkca_mm.visualization.figure import plotter, save_figure

PLOT_DPI = 120
"""Pixels of a plot's PNG for an inch."""

# Okabe and Ito's colours, which colour-blind readers can tell apart; a marker each as well.
_STYLES = {
    'auto': ('#000000', 'o', 'LKCA, auto'),
    'toeplitz': ('#0072B2', 's', 'LKCA, toeplitz'),
    'hybrid': ('#009E73', '^', 'LKCA, hybrid'),
    'triton': ('#F0E442', '*', 'LKCA, triton'),
    'fft': ('#56B4E9', 'v', 'LKCA, fft'),
    'conv': ('#D55E00', 'D', 'depthwise conv2d'),
    'mhsa': ('#CC79A7', 'P', 'self-attention (SDPA)'),
    'bound': ('#999999', '', 'bound: dense product'),
}


def plot_op(results: list[dict[str, Any]], title: str, path: str | Path) -> None:
    """Draws milliseconds a 1,000 tokens against the grid's side, a panel for each width.

    Args:
        results: What :func:`lkca_mm.benchmark.op.benchmark_op` returned, of one mode.
        title: The figure's title.
        path: Where it goes; its ending names the format (.png, .svg).
    """
    pyplot = plotter()
    widths = sorted({result['channels'] for result in results})
    figure, axes = pyplot.subplots(
        1, len(widths), figsize=(4.2 * len(widths) + 2, 4.4), sharey=True, squeeze=False
    )
    for axis, channels in zip(axes[0], widths, strict=True):
        here = sorted(
            (result for result in results if result['channels'] == channels),
            key=lambda result: result['grid'],
        )
        for name, (colour, marker, label) in _STYLES.items():
            points = [
                (r['grid'], r['milliseconds'][name] / (r['batch'] * r['grid'] ** 2 / 1000))
                for r in here
                if name in r['milliseconds']
            ]
            if points:
                axis.plot(
                    *zip(*points, strict=True),
                    color=colour,
                    marker=marker,
                    label=label,
                    linestyle='--' if name == 'bound' else '-',
                    linewidth=2.5 if name == 'auto' else 1.5,
                )
        grids = [result['grid'] for result in here]
        axis.set(xscale='log', yscale='log', xlabel='grid side', title=f'{channels} channels')
        axis.set_xticks(grids, [str(grid) for grid in grids])
        axis.minorticks_off()
        axis.grid(alpha=0.3)
    axes[0][0].set_ylabel('ms for 1,000 tokens')
    axes[0][-1].legend(loc='center left', bbox_to_anchor=(1.02, 0.5), frameon=False)
    figure.suptitle(title)
    figure.tight_layout()
    save_figure(figure, path, PLOT_DPI)
