"""How long an experiment is trained: as the paper, shorter, or just long enough to break."""

from pathlib import Path
from typing import Any

from mmengine.config import Config

from lkca_mm.reproduce.selection import Experiment
from lkca_mm.reproduce.stand_ins import stand_in_settings

PAPER, SHORT, SMOKE = SCHEDULES = ('paper', 'short', 'smoke')

MEANING = {
    PAPER: "the paper's schedule",
    SHORT: "NOT the paper's schedule: 5 passes, or 2,000 iterations of segmentation",
    SMOKE: "NOT the paper's schedule: a few iterations on generated pictures, for proof alone",
}

_SHORT_ITERATIONS = 2000
_SHORT_INTERVAL = 500
_SMOKE_ITERATIONS = 2


def label_of(experiment: Experiment, schedule: str) -> str:
    """Returns how the name of an experiment's derived config ends."""
    if schedule == SMOKE:
        return 'smoke'
    return '2k' if experiment.segments else '5e'


def _small_schedule(configs: Path, name: str) -> dict[str, Any]:
    """Returns length and learning rates of one of the schedules for small pictures."""
    schedule = Config.fromfile(configs / '_base_' / 'schedules' / name).to_dict()
    return {key: schedule[key] for key in ('train_cfg', 'param_scheduler')}


def _scaled(schedulers: list[dict[str, Any]], factor: float) -> list[dict[str, Any]]:
    """Returns learning-rate schedules whose turning points come earlier by ``factor``."""
    return [
        scheduler
        | {key: round(scheduler[key] * factor) for key in ('begin', 'end') if key in scheduler}
        for scheduler in schedulers
    ]


def _short(experiment: Experiment, leaf: Config, configs: Path) -> dict[str, Any]:
    if not experiment.segments:
        return _small_schedule(configs, 'small_5e.py')
    factor = _SHORT_ITERATIONS / leaf.train_cfg.max_iters
    return {
        'train_cfg': {'max_iters': _SHORT_ITERATIONS, 'val_interval': _SHORT_INTERVAL},
        'param_scheduler': _scaled(leaf.to_dict()['param_scheduler'], factor),
        'default_hooks': {'checkpoint': {'interval': _SHORT_INTERVAL}},
    }


def _smoke(experiment: Experiment, configs: Path, data: Path) -> dict[str, Any]:
    if experiment.segments:
        length = {'train_cfg': {'max_iters': _SMOKE_ITERATIONS, 'val_interval': 1}}
    else:
        length = _small_schedule(configs, 'small_2e.py')
    # Ninety models and their optimisers would fill tens of gigabytes for nothing.
    checkpoint = {'interval': -1, 'save_last': False, 'save_best': None}
    return {
        **length,
        **stand_in_settings(experiment.dataset, data),
        'default_hooks': {'logger': {'interval': 1}, 'checkpoint': checkpoint},
    }


def settings_of(
    experiment: Experiment, schedule: str, leaf: Config, configs: Path, data: Path
) -> dict[str, Any]:
    """Returns what a schedule changes in an experiment's config.

    Args:
        experiment: The experiment.
        schedule: One of :data:`SCHEDULES`; ``'paper'`` changes nothing.
        leaf: Its config at the paper's schedule.
        configs: The folder of the configs, which holds the short schedules too.
        data: The folder of the generated data sets.
    """
    if schedule == SHORT:
        return _short(experiment, leaf, configs)
    return _smoke(experiment, configs, data) if schedule == SMOKE else {}
