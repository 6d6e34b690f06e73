"""Looks at a config's outlines before anything is built from it."""

from collections.abc import Mapping
from typing import Any

from mmengine.config import Config

from lkca_mm.errors import ConfigError

_DICTS = (
    *('model', 'optim_wrapper', 'default_hooks', 'env_cfg', 'randomness', 'visualizer'),
    *('log_processor', 'data_preprocessor', 'train_cfg', 'val_cfg', 'test_cfg', 'auto_scale_lr'),
    *('train_dataloader', 'val_dataloader', 'test_dataloader'),
)
_LISTS = ('custom_hooks', 'vis_backends')
_EITHER = ('param_scheduler', 'val_evaluator', 'test_evaluator')
_TEXTS = ('work_dir', 'default_scope', 'load_from', 'experiment_name', 'log_level')
_LOADERS = ('train_dataloader', 'val_dataloader', 'test_dataloader')
_BELOW = (
    (('env_cfg', 'mp_cfg'), Mapping, 'a dict'),
    (('env_cfg', 'dist_cfg'), Mapping, 'a dict'),
    (('randomness', 'seed'), int, 'a whole number'),
    (('custom_imports', 'imports'), (str, list, tuple), 'a module or a list of them'),
)
# Beyond these a machine is brought to its knees before anything can say no.
_MOST = {'batch_size': 1 << 16, 'num_workers': 1024, 'num_layers': 10_000}
_LEAST = {'batch_size': 1, 'num_workers': 0, 'num_layers': 0}


def check_shape(config: Config) -> None:
    """Looks for keys that hold another kind of thing than they must.

    What the parts themselves accept is left to them.

    Args:
        config: The config, as read from its file.

    Raises:
        ConfigError: If there is one.
    """
    for key, value in config.items():
        if value is None and key != 'model':
            continue
        if key in _DICTS:
            _must_be(config, key, value, Mapping, 'a dict')
        elif key in _LISTS:
            _must_be(config, key, value, (list, tuple), 'a list of dicts')
        elif key in _EITHER:
            _must_be(config, key, value, (Mapping, list, tuple), 'a dict or a list of dicts')
        elif key in _TEXTS:
            _must_be(config, key, value, str, 'a text')
            if not value:
                raise ConfigError(f"{config.filename}: {key}='' must not be empty; use None")
        if key in (*_LISTS, *_EITHER) and not isinstance(value, Mapping):
            for index, part in enumerate(value):
                _must_be(config, f'{key}.{index}', part, Mapping, 'a dict')
    for path, kinds, words in _BELOW:
        value = config.get(path[0])
        for key in path[1:]:
            value = value.get(key) if isinstance(value, Mapping) else None
        if value is not None:
            _must_be(config, '.'.join(path), value, kinds, words)
    if 'type' not in config.model:
        raise ConfigError(f'{config.filename}: model has no key `type`')
    for name, hook in (config.get('default_hooks') or {}).items():
        if hook is not None:
            _must_be(config, f'default_hooks.{name}', hook, Mapping, 'a dict')
    for key in _LOADERS:
        if config.get(key):
            _check_loader(config, key)
    for key, value in config.items():
        _check_numbers(config, key, value)


def _must_be(config: Config, key: str, value: Any, kinds: Any, words: str) -> None:
    if not isinstance(value, kinds):
        raise ConfigError(f'{config.filename}: {key}={_shown(value)} must be {words}')


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f'{text[:80]}…'


def _check_loader(config: Config, key: str) -> None:
    loader = config[key]
    dataset = loader.get('dataset')
    _must_be(config, f'{key}.dataset', dataset, Mapping, 'a dict')
    while isinstance(dataset.get('dataset'), Mapping):
        dataset, key = dataset['dataset'], f'{key}.dataset'
    if 'type' not in dataset:
        raise ConfigError(f'{config.filename}: {key}.dataset has no key `type`')
    pipeline = dataset.get('pipeline')
    if pipeline is not None:
        name = f'{key}.dataset.pipeline'
        _must_be(config, name, pipeline, (list, tuple), 'a list of dicts')
        for index, step in enumerate(pipeline):
            _must_be(config, f'{name}.{index}', step, Mapping, 'a dict')
            if 'type' not in step:
                raise ConfigError(f'{config.filename}: {name}.{index} has no key `type`')


def _check_numbers(config: Config, key: str, value: Any) -> None:
    """Looks for whole numbers that are out of all bounds, wherever they stand."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            _check_numbers(config, f'{key}.{name}', inner)
    elif isinstance(value, (list, tuple)):
        for index, inner in enumerate(value):
            _check_numbers(config, f'{key}.{index}', inner)
    name = key.rpartition('.')[2]
    if name not in _MOST or isinstance(value, Mapping):
        return
    least, most = _LEAST[name], _MOST[name]
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise ConfigError(
            f'{config.filename}: {key}={_shown(value)} must be a whole number, {least} to {most}'
        )
