"""Configs: finding those that come with the package, reading them, building their model."""

import argparse
import contextlib
import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mmengine.config import Config, DictAction
from mmengine.model import revert_sync_batchnorm
from mmengine.registry import MODELS, init_default_scope
from torch import nn

from lkca_mm.errors import ConfigError, InstallationError, LKCAError

PREFIX = 'lkca_mm::'
"""``lkca_mm::cifar10/lkca-b_100e.py`` is that config, wherever the package lies."""

_PACKAGE = Path(__file__).parent


def shipped_folder(name: str) -> Path:
    """Returns the folder ``configs`` or ``tools`` that came with the package.

    Args:
        name: Which of the two.

    Raises:
        InstallationError: If the package came without it.
    """
    # A wheel has them where OpenMMLab's tools look; a checkout has them beside the package.
    installed, checkout = _PACKAGE / '.mim' / name, _PACKAGE.parent / name
    if installed.is_dir() and not installed.is_symlink():
        return installed
    if checkout.is_dir() and (_PACKAGE.parent / 'model-index.yml').is_file():
        return checkout
    raise InstallationError(
        f'{_PACKAGE}: came without its {name}; reinstall it from a wheel or a whole checkout'
    )


def find_config(name: str | Path) -> Path:
    """Returns the path of a config file.

    Args:
        name: A path, or ``'lkca_mm::NAME'`` of a config of this package; there ``.py`` may be
            left out.

    Raises:
        ConfigError: If there is no such file.
    """
    name = str(name)
    if not name.startswith(PREFIX):
        if not Path(name).is_file():
            raise ConfigError(f'{name}: no such config file')
        return Path(name)
    folder, wanted = shipped_folder('configs'), name.removeprefix(PREFIX)
    path = folder / (wanted if wanted.endswith('.py') else f'{wanted}.py')
    if not path.is_file():
        raise ConfigError(f'{name}: no such config in {folder}')
    return path


def load_config(name: str | Path, options: dict[str, Any] | None = None) -> Config:
    """Reads a config.

    ``lkca_mm::NAME`` also stands for a config in ``_base_``. Stock mmengine resolves such a
    name only where a folder is part of it (``lkca_mm::cifar10/lkca-b_100e.py``).

    Args:
        name: A path, or ``'lkca_mm::NAME'``.
        options: Values that replace the file's, keyed by dotted names (``--cfg-options``).

    Raises:
        ConfigError: If the file is missing or cannot be read as a config.
    """
    path = find_config(name)
    try:
        with _own_bases():
            config = Config.fromfile(str(path))
        config.merge_from_dict(options or {})
    except LKCAError:
        raise
    except Exception as error:
        reason = str(error).strip().partition('\n')[0]
        raise ConfigError(f'{path}: {type(error).__name__}: {reason}') from error
    if 'model' not in config:
        raise ConfigError(f'{path}: has no key `model`, so there is nothing to build')
    return config


def get_config(name: str) -> Config:
    """Reads a config of this package.

    Args:
        name: Its path in ``configs/``, as ``'cifar10/lkca-b_100e.py'``.
    """
    return load_config(PREFIX + name.removeprefix(PREFIX))


@contextlib.contextmanager
def _own_bases() -> Iterator[None]:
    """Makes mmengine resolve ``lkca_mm::NAME`` in ``_base_`` inside the ``with``.

    There is no public way to add a kind of base. ``Config._get_cfg_path`` was read in mmengine
    0.10.7 and onedl-mmengine 0.10.12.
    """
    original = Config.__dict__['_get_cfg_path']

    def resolve(cfg_path: str, filename: str) -> tuple[str, str | None]:
        if cfg_path.startswith(PREFIX):
            # No scope: the config itself names the one that its models are built in.
            return str(find_config(cfg_path)), None
        return original.__func__(cfg_path, filename)

    Config._get_cfg_path = staticmethod(resolve)
    try:
        yield
    finally:
        Config._get_cfg_path = original


def build_network(config: Config) -> nn.Module:
    """Builds the model of a config for one process, on the CPU.

    Args:
        config: The config.

    Returns:
        The mmseg or mmpretrain model, with the weights that its constructors draw.
    """
    init_default_scope(config.get('default_scope') or 'mmseg')
    settings = copy.deepcopy(dict(config.model))  # mmpretrain completes lists in place
    if config.get('data_preprocessor') is not None:
        # As in a Runner: mmpretrain's data set configs keep it beside the model.
        settings.setdefault('data_preprocessor', copy.deepcopy(config.data_preprocessor))
    # SyncBN needs several processes; in one it is BN.
    return revert_sync_batchnorm(MODELS.build(settings))


def is_segmentor(network: nn.Module) -> bool:
    """Returns whether a model is a segmentor; the others are classifiers."""
    return hasattr(network, 'decode_head')


def image_size_of(config: Config) -> tuple[int, int]:
    """Returns (height, width) of the training images, in pixels.

    The data preprocessor pads to its size, so that comes first; then ``crop_size``, then the
    backbone's ``img_size``.

    Raises:
        ConfigError: If the config has none of the three.
    """
    size = (config.model.get('data_preprocessor') or {}).get('size') or config.get('crop_size')
    size = size or config.model.get('backbone', {}).get('img_size')
    if size is None:
        raise ConfigError(f'{config.filename}: gives no image size; set model.backbone.img_size')
    return (size, size) if isinstance(size, int) else (size[0], size[1])


def parse_options(words: list[str]) -> dict[str, Any]:
    """Reads the words behind ``--cfg-options``, ``KEY=VALUE`` each, as mmengine's tools do.

    Returns:
        Values by dotted key, for :func:`load_config`.

    Raises:
        ConfigError: If a word is not ``KEY=VALUE``.
    """
    if wrong := [word for word in words if '=' not in word]:
        raise ConfigError(f'--cfg-options {wrong[0]!r} is not KEY=VALUE')
    parser = argparse.ArgumentParser()
    parser.add_argument('--cfg-options', nargs='*', action=DictAction, default={})
    return parser.parse_args(['--cfg-options', *words]).cfg_options
