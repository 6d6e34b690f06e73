"""Training curves: losses and scores of runs, read from their records and drawn."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lkca_mm.errors import ConfigError, DataError, shown
from lkca_mm.record import read_record
from lkca_mm.visualization.figure import new_figure, save_figure

LOSS = 'training loss'
Curves = dict[str, dict[int, float]]
"""The values of the training loss and of each metric, keyed by iterations done."""

# Drawn where nothing was asked for and a run has it.
_USUAL = ('mIoU', 'accuracy/top1')
# Logged beside the scores of a validation.
_NO_SCORES = ('data_time', 'time', 'step', 'iteration', 'epoch', 'train_loss')
_STYLES = ('o-', 's--', '^-.', 'D:', 'v-', 'P--', 'X-.')


def read_run(path: str | Path) -> Curves:
    """Reads the curves of a run.

    Args:
        path: A record, as ``tools/train.py --record`` writes it, or a work dir with mmengine's
            ``vis_data/scalars.json``. Of several sessions in a work dir, each replaces what an
            earlier one had from its first iteration on.

    Raises:
        DataError: If there is no such file, or no curve in it.
    """
    path, curves = Path(path), {LOSS: {}}
    try:
        if path.is_dir():
            # The folder of a session is named after its start.
            for file in sorted(path.rglob('vis_data/scalars.json')):
                lines = file.read_text(encoding='utf-8').splitlines()
                _add_session(curves, [json.loads(line) for line in lines])
        else:
            for entry in read_record(path)['curve']:
                _add(curves, entry['iteration'], {LOSS: entry.get('train_loss'), **entry})
    except (DataError, OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(f'{shown(path)}: no record or work dir of a run: {error!r}') from error
    if not any(curves.values()):
        raise DataError(f'{shown(path)}: holds neither losses nor scores')
    return curves


def _add(curves: Curves, iteration: int, values: Mapping[str, Any]) -> None:
    """Adds what was logged at an iteration; a record has None for NaN."""
    for name, value in values.items():
        if name not in _NO_SCORES and isinstance(value, (int, float)):
            curves.setdefault(name, {})[iteration] = value


def _add_session(curves: Curves, entries: list[dict[str, Any]]) -> None:
    """Adds mmengine's lines: those of training have a learning rate.

    A validation's step may count epochs, so its scores are put at the iteration before it.
    """
    first = next((entry['step'] for entry in entries if 'lr' in entry), 0)
    for name, curve in curves.items():
        curves[name] = {step: value for step, value in curve.items() if step < first}
    last = 0
    for entry in entries:
        if 'lr' in entry:
            last = entry['step']
            _add(curves, last, {LOSS: entry['loss']})
        else:
            _add(curves, last or entry['step'], entry)


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
