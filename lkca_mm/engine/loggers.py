"""TensorBoard and Weights & Biases beside a run's own log, as mmengine's backends."""

import argparse
import importlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mmengine.config import Config

from lkca_mm.errors import ConfigError

# What a name stands for: the backend, and the package and module that it needs.
_BACKENDS = {
    'tensorboard': ('TensorboardVisBackend', 'tensorboard', 'torch.utils.tensorboard'),
    'wandb': ('CodelessWandbVisBackend', 'wandb', 'wandb'),
}


def add_logger_argument(parser: argparse.ArgumentParser) -> None:
    """Adds the flag that names where the logged values go besides the work dir."""
    parser.add_argument(
        '--log-to',
        nargs='+',
        choices=tuple(_BACKENDS),
        default=[],
        help='show the logged values there too',
    )


def log_to(config: Config, names: Sequence[str]) -> None:
    """Adds backends to the visualizer of a config; only the first process writes to them.

    Args:
        config: The config, whose ``work_dir`` is set. A backend that it has already
            stays as it is.
        names: ``'tensorboard'``, which writes into ``vis_data`` of the work dir, or
            ``'wandb'``, whose environment variables (``WANDB_MODE``, ``WANDB_PROJECT``
            and others) apply.

    Raises:
        ConfigError: If a package is missing, or the visualizer takes no backends.
    """
    for name in dict.fromkeys(names):
        _, package, module = _BACKENDS[name]
        try:
            importlib.import_module(module)
        except ImportError as error:
            raise ConfigError(
                f'--log-to {name}: needs the package {package} ({error}); '
                f'run `pip install {package}`'
            ) from error
        _add_backend(config, name)


def _add_backend(config: Config, name: str) -> None:
    # Without a visualizer mmengine takes its own, which writes to the work dir alone.
    visualizer = config.get('visualizer') or {'type': 'Visualizer'}
    backends = visualizer.get('vis_backends') or [{'type': 'LocalVisBackend'}]
    if not isinstance(backends, (list, tuple)):
        raise ConfigError(f'visualizer.vis_backends={backends!r} must be a list of settings')
    kind = _BACKENDS[name][0]
    # Ours and mmengine's of the same name are one: the config's stays.
    if not any(kind.endswith(_type_of(backend)) for backend in backends):
        backends = [*backends, {'type': kind, **_settings(config, name)}]
    config.visualizer = {**visualizer, 'vis_backends': backends}


def _type_of(backend: Any) -> str:
    kind = backend.get('type') if isinstance(backend, dict) else type(backend)
    return kind.rpartition('.')[2] if isinstance(kind, str) else kind.__name__


def _settings(config: Config, name: str) -> dict[str, Any]:
    """Returns the backend's settings: the name that the run has among others."""
    if name != 'wandb':
        return {}
    return {'init_kwargs': {'name': Path(config.work_dir).name}}
