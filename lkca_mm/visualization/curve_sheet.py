"""Loss and score of several training runs over their iterations."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lkca_mm.errors import ConfigError
from lkca_mm.visualization.figure import plotter, save_figure
from lkca_mm.visualization.line_styles import line_style
from lkca_mm.visualization.run_curves import Curve, RunCurves, metrics_of

# What people ask for first, if the runs have it.
_USUAL = ('mIoU', 'accuracy/top1')
# With more points, markers would hide the line.
_MOST_MARKERS = 12


def choose_metric(runs: Sequence[RunCurves], metric: str | None = None) -> str | None:
    """Returns the metric to draw.

    Args:
        runs: The runs.
        metric: What was asked for; None for the usual one.

    Returns:
        Its name; None if nothing was asked for and no run was scored.

    Raises:
        ConfigError: If no run has it.
    """
    found = metrics_of(runs)
    if metric is None:
        return next((name for name in (*_USUAL, *found) if name in found), None)
    if metric not in found:
        there = f'there are {", ".join(found)}' if found else 'no run was scored'
        raise ConfigError(f'--metric {metric}: no run has it; {there}')
    return metric


def draw_curve_sheet(
    runs: Sequence[RunCurves], metric: str | None, title: str, path: str | Path
) -> None:
    """Draws the training losses, and beside them the scores.

    Args:
        runs: The runs; each has its colour, dashes and marker in both panels.
        metric: Whose curves are drawn; None leaves the panel of scores out.
        title: The sheet's title.
        path: Where it goes, .png or .svg.
    """
    panels = 1 if metric is None else 2
    figure, axes = plotter().subplots(
        1, panels, figsize=(5 * panels, 4), squeeze=False, sharex=True, layout='constrained'
    )
    for number, run in enumerate(runs):
        style = line_style(number)
        _draw(axes[0][0], run.loss, run.name, style)
        if metric is not None:
            _draw(axes[0][1], run.scores.get(metric, {}), run.name, style)
    axes[0][0].set(title='training loss', ylabel='loss')
    if metric is not None:
        axes[0][1].set(title=f'validation: {metric}', ylabel=metric)
    for axis in axes[0]:
        axis.set_xlabel('iterations')
        axis.set_xlim(left=0)
        axis.grid(alpha=0.3)
    handles, labels = axes[0][-1].get_legend_handles_labels()
    figure.legend(
        handles, labels, loc='outside lower center', ncols=min(3, len(runs)), frameon=False
    )
    figure.suptitle(title, fontsize=12)
    save_figure(figure, path)


def _draw(axis: Any, curve: Curve, name: str, style: dict[str, Any]) -> None:
    """Draws a curve; one of no points too, so that its run stands in the legend."""
    points = sorted(curve.items())
    axis.plot(
        [iteration for iteration, _ in points],
        [value for _, value in points],
        label=name,
        linewidth=1.6,
        markersize=5,
        markevery=max(1, -(-len(points) // _MOST_MARKERS)),
        **style,
    )
