"""Training curves: losses and scores of runs, read from their records and drawn."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lkca_mm.errors import ConfigError, DataError
from lkca_mm.record import read_record, scores_of
from lkca_mm.visualization.figure import new_figure, save_figure

LOSS = 'training loss'
Curves = dict[str, dict[int, float]]
"""The values of the training loss and of each metric, keyed by iterations done."""

# Drawn where nothing was asked for and a run has it.
_USUAL = ('mIoU', 'accuracy/top1')
_STYLES = ('o-', 's--', '^-.', 'D:', 'v-', 'P--', 'X-.')


def read_run(path: str | Path) -> Curves:
    """Reads the curves of a run's record, as ``tools/train.py --record`` writes it.

    Raises:
        DataError: If there is no such file, or no curve in it.
    """
    curves = curves_of(read_record(path))
    if not any(curves.values()):
        raise DataError(f'{path}: holds no curve of a training run')
    return curves


def curves_of(record: Mapping[str, Any]) -> Curves:
    """Returns the curves in a record."""
    curves: Curves = {LOSS: {}}
    for entry in record.get('curve', []):
        for name, value in {LOSS: entry['train_loss'], **scores_of(entry)}.items():
            if value is not None:  # a record has None for NaN
                curves.setdefault(name, {})[entry['iteration']] = value
    return curves


def draw_curves(
    runs: Mapping[str, Curves], path: str | Path, metric: str | None = None, title: str = ''
) -> None:
    """Draws the training losses and, beside them, the scores.

    Args:
        runs: What :func:`read_run` returned, by the names of the runs.
        path: The file, .png or .svg.
        metric: Which scores; None for mIoU, top-1 accuracy or the first that there is.
        title: The title.

    Raises:
        ConfigError: If no run has the metric that was asked for.
    """
    found = dict.fromkeys(name for curves in runs.values() for name in curves if name != LOSS)
    if metric is not None and metric not in found:
        raise ConfigError(f'--metric {metric}: no run has it; choose from {", ".join(found)}')
    metric = metric or next((name for name in (*_USUAL, *found) if name in found), None)
    panels = [LOSS] if metric is None else [LOSS, metric]
    figure = new_figure(5 * len(panels), 4)
    axes = figure.subplots(1, len(panels), squeeze=False, sharex=True)[0]
    for axis, name in zip(axes, panels, strict=True):
        for number, curves in enumerate(runs.values()):
            curve = dict(sorted(curves.get(name, {}).items()))
            every = max(1, len(curve) // 12)  # more markers would hide the line
            style = _STYLES[number % len(_STYLES)]
            axis.plot(list(curve), list(curve.values()), style, markevery=every)
        axis.set(title=name if name == LOSS else f'validation: {name}', xlabel='iterations')
        axis.set_xlim(left=0)
        axis.grid(alpha=0.3)
    figure.legend(axes[0].lines, list(runs), loc='outside lower center', ncols=min(3, len(runs)))
    figure.suptitle(title)
    save_figure(figure, path)
