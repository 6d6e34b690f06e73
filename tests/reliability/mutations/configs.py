"""Configs with missing and unknown keys, wrong types, impossible sizes, and broken files."""

from mmengine.config import Config

from mutations.case import Case
from mutations.damage import damage
from mutations.values import wrong_value

_NAME = 'mutated.py'
_USED = (
    *('model', 'train_dataloader', 'val_dataloader', 'optim_wrapper', 'param_scheduler'),
    *('train_cfg', 'val_cfg', 'default_hooks', 'custom_hooks', 'val_evaluator', 'env_cfg'),
    *('randomness', 'log_processor', 'visualizer', 'default_scope', 'work_dir', 'custom_imports'),
    *('on_bad_loss', 'on_bad_sample', 'load_from', 'resume', 'data_preprocessor'),
)
# A run of a billion iterations is long, but not wrong.
_MAY_BE_LONG = ('max_iters', 'max_epochs', 'passes_per_epoch')


def _paths(node, prefix=()):
    """Yields the path of everything in a nest of dicts and lists."""
    if prefix:
        yield prefix
    pairs = node.items() if isinstance(node, dict) else enumerate(node)
    for key, value in pairs:
        if isinstance(value, (dict, list, tuple)):
            yield from _paths(value, (*prefix, key))
        else:
            yield (*prefix, key)


def _holder(settings, path):
    for key in path[:-1]:
        settings = settings[key]
    return settings


class _Tuple(list):
    """A tuple that can be written to."""

    def __repr__(self):
        return f'tuple({super().__repr__()})'


def _writable(node):
    """Returns a nest in which each place can be written to."""
    if isinstance(node, dict):
        return {key: _writable(value) for key, value in node.items()}
    kind = {list: list, tuple: _Tuple}.get(type(node))
    return node if kind is None else kind(_writable(value) for value in node)


def _words(settings, path, value):
    """Returns what a refusal may name: the key, its neighbours above, a type, the value."""
    keys = [str(key) for key in path if isinstance(key, str)]
    words, holder = {*keys[-3:], *({keys[0]} - {'model'}), repr(value)[:30]}, settings
    for key in path:
        kind = holder.get('type') if isinstance(holder, dict) else None
        if isinstance(kind, str):
            words.add(kind)
        holder = holder[key]
    if isinstance(value, str):
        words.add(value[:30] or repr(value))
    if path[:2] == ('model', 'train_cfg'):
        words.add('data_preprocessor')  # mmpretrain hands the one to the other
    # Without it the files are looked for elsewhere, and it is they that are named.
    return words | ({'images/', 'cifar-10-batches-py'} if 'data_root' in path else set())


def mutate(generator, settings):
    """Changes one place of a config.

    Args:
        generator: Where the random numbers come from.
        settings: The config; it stays as it is.

    Returns:
        The changed config, what was done in words, and the words that a refusal may say.
    """
    settings = _writable(settings)
    top = generator.choice([key for key in _USED if key in settings])
    inner = settings[top]
    below = list(_paths(inner)) if isinstance(inner, (dict, list)) else []
    path = (top, *generator.choice(below)) if below and generator.random() < 0.95 else (top,)
    holder, key = _holder(settings, path), path[-1]
    old = holder[key]
    name = '.'.join(map(str, path))
    way = generator.choice(('remove', 'add', 'rename', *['replace'] * 5))
    words = _words(settings, path, old)
    if way == 'remove':
        del holder[key]
        return settings, f'{name} removed', words
    if way == 'add' and isinstance(holder, dict):
        holder['not_a_key'] = 1
        return settings, f'{name}: not_a_key added beside it', words | {'not_a_key'}
    if way == 'rename' and isinstance(key, str):
        holder[f'{key}s'] = holder.pop(key)
        return settings, f'{name} renamed to {key}s', words | {f'{key}s'}
    huge = not any(long in path for long in _MAY_BE_LONG)
    value = wrong_value(generator, old, huge)
    holder[key] = value
    words |= {repr(value)[:30], str(value)[:30] or repr(value)}
    return settings, f'{name} = {str(value)[:60]!r}', words


def as_python(settings):
    """Returns a config as the text of a file."""
    return ''.join(f'{key} = {value!r}\n' for key, value in settings.items() if key.isidentifier())


_BROKEN = {
    'empty': b'',
    'no text': b'\xff\xfe\x00\x01' * 20,
    'not closed': b'model = dict(',
    'a base that is not there': b"_base_ = 'nowhere.py'\n",
    'itself as its base': b"_base_ = 'mutated.py'\n",
    'a number as its base': b'_base_ = 5\n',
    'an unknown name': b'model = unknown\n',
    'an import that is not there': b'import not_a_package\nmodel = dict()\n',
    'an error of its own': b'model = dict(a=1 / 0)\n',
    'a way out': b'import sys\nsys.exit(0)\n',
    'a model that is a list': b'model = [1]\n',
    'a model that is empty': b'model = dict()\n',
    'deep nesting': b'model = ' + b'[' * 5000 + b']' * 5000 + b'\n',
    'a new line in a type': b"model = dict(type='a\\nb')\n",
    'json in a py file': b'{"model": null}',
}


def _broken_file(generator, settings):
    if generator.random() < 0.5:
        what = generator.choice(list(_BROKEN))
        return what, _BROKEN[what]
    return damage(generator, as_python(settings).encode())


def make(generator, number, tasks, folder):
    """Writes a mutated config and says how to try it."""
    task = generator.choice(list(tasks.values()))
    settings = Config.fromfile(str(task.config)).to_dict()
    settings['work_dir'] = 'work'
    if generator.random() < 0.15:
        what, content = _broken_file(generator, settings)
        words = {_NAME, 'nowhere.py'}
    else:
        changed, what, words = mutate(generator, settings)
        content = as_python(changed).encode(errors='surrogateescape')
    path = folder / _NAME
    path.write_bytes(content)
    options = ()
    if path.suffix == '.py' and generator.random() < 0.1:
        options = ('--cfg-options', 'model.backbone.no_such_key=1')
        words |= {'no_such_key'}
    tool, *rest = generator.choice(
        [('train',)] * 6
        + [('test', str(task.checkpoint))] * 2
        + [('predict', str(task.checkpoint), str(task.picture), '--out', 'out'), ('complexity',)]
    )
    options = options if tool in ('train', 'test') else ()
    return Case(
        'configs', number, f'{what} (of {task.config.stem})', tool,
        (_NAME, *rest, *options), folder, tuple(sorted(words)),
    )  # fmt: skip
