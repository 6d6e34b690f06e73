"""Which part of a config an unforeseen error comes from, as far as its traceback tells."""

from collections.abc import Iterator, Mapping
from types import FrameType
from typing import Any

from mmengine.config import Config
from mmengine.runner import BaseLoop

# The parts that have no class, by the function that reads them.
_READERS = {
    'setup_env': 'env_cfg',
    'set_randomness': 'randomness',
    'scale_lr': 'auto_scale_lr',
    'build_logger': 'log_level',
    'build_log_processor': 'log_processor',
    'build_optim_wrapper': 'optim_wrapper',
    'build_param_scheduler': 'param_scheduler',
    'build_visualizer': 'visualizer',
    'register_default_hooks': 'default_hooks',
    'register_custom_hooks': 'custom_hooks',
}
# What a run is built from; the other keys of a config are only names for parts of these.
_BUILT = ('model', 'optim_wrapper', 'param_scheduler', 'visualizer')
_BUILT_ENDINGS = ('_dataloader', '_evaluator', '_cfg', '_hooks', '_preprocessor', '_processor')


def name_part(error: BaseException) -> str:
    """Returns the config file, and the key in it, that an error has to do with.

    The calls that led to the error are looked through from the last to the first,
    for one that was building a part of the config, or that such a part was making.

    Args:
        error: An error that was raised and caught.

    Returns:
        A text to be put before the error, ``'tiny.py: model.backbone: '`` for
        example; empty if no config was in use.
    """
    frames = _frames(error)
    config = next((value for frame in frames for value in _values(frame, Config)), None)
    if config is None or not config.filename:
        return ''
    keys: list[str] = []
    for frame in reversed(frames):
        more = _keys_of(frame, config)
        # A call further out tells which of several parts of one type it was.
        keys = [key for key in keys if key in more] or keys or more
        if len(keys) == 1:
            break
    if not keys:
        return f'{config.filename}: '
    shown = ' or '.join(keys[:3])
    if isinstance(error, KeyError) and 'registry' in str(error):
        shown += f' (default_scope={str(config.get("default_scope"))[:40]!r})'
    return f'{config.filename}: {shown}: '


def _frames(error: BaseException) -> list[FrameType]:
    frames, trace = [], error.__traceback__
    while trace is not None:
        frames.append(trace.tb_frame)
        trace = trace.tb_next
    return frames


def _values(frame: FrameType, kind: type) -> Iterator[Any]:
    return (value for value in list(frame.f_locals.values()) if isinstance(value, kind))


def _keys_of(frame: FrameType, config: Config) -> list[str]:
    """Returns the keys of the part that a call was building or being made by."""
    if frame.f_code.co_name in _READERS:
        return [_READERS[frame.f_code.co_name]]
    parts = list(_parts(config._cfg_dict))
    if frame.f_globals.get('__name__') == 'mmengine.registry.build_functions':
        built = frame.f_locals.get('cfg')
        if not isinstance(built, Mapping) or isinstance(built, Config):
            return []
        # The runner gives a loop its type where the config has none.
        bare = {key: value for key, value in built.items() if key != 'type'}
        same = [key for key, part in parts if _alike(part, built) or (bare and _alike(part, bare))]
        name = _type_of(built)
        return same or [key for key, part in parts if name and _type_of(part) == name]
    owner = frame.f_locals.get('self')
    if isinstance(owner, BaseLoop):
        # A worker's error reaches the loop as text: all that is known is whose worker it was.
        name = type(owner).__name__
        loop = next((one for one in ('train', 'val', 'test') if one in name.lower()), 'train')
        return [f'{loop}_cfg or {loop}_dataloader']
    name = None if owner is None else type(owner).__name__
    return [key for key, part in parts if name and _type_of(part) == name]


def _parts(node: Any, key: str = '') -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yields the dicts of a config that something is built from, with their keys."""
    if isinstance(node, Mapping):
        if key:
            yield key, node
        for name, value in node.items():
            if key or name in _BUILT or str(name).endswith(_BUILT_ENDINGS):
                yield from _parts(value, f'{key}.{name}' if key else str(name))
    elif isinstance(node, (list, tuple)):
        for index, value in enumerate(node):
            yield from _parts(value, f'{key}.{index}')


def _type_of(part: Mapping[str, Any]) -> str | None:
    """Returns the name of a part's class, without its scope or module."""
    kind = part.get('type')
    if isinstance(kind, str):
        return kind.rpartition('.')[2].rpartition('/')[2]
    return getattr(kind, '__name__', None)


def _alike(part: Mapping[str, Any], built: Mapping[str, Any]) -> bool:
    try:
        return bool(part == built)
    except ValueError:  # arrays in it
        return False
