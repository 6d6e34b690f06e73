"""Checkpoints that are damaged, of another shape, full of nonsense, or that want to run code."""

import os
import pickle
import zipfile

import torch

from mutations.case import CANARY, Case
from mutations.configs import _paths as paths_in
from mutations.damage import damage
from mutations.values import wrong_value

_NAME = 'bad.pth'


class Touch:
    """What is pickled as a call that makes a file."""

    def __init__(self, function, *arguments):
        self.function, self.arguments = function, arguments

    def __reduce__(self):
        return self.function, self.arguments


def attacks():
    """Returns objects that run code when they are unpickled as usual."""
    return (
        Touch(os.system, f'touch {CANARY}'),
        Touch(eval, f'open({CANARY!r}, "w")'),
        Touch(exec, f'open({CANARY!r}, "w")'),
        Touch(open, CANARY, 'w'),
        Touch(getattr(os, 'mkdir'), CANARY),  # noqa: B009
    )


def _save(content, path):
    torch.save(content, path)


def _mutate(generator, checkpoint):
    """Changes one place of a checkpoint; returns what was done."""
    top = generator.choice([*checkpoint, 'state_dict', 'state_dict', 'optimizer', 'message_hub'])
    inner = checkpoint[top]
    below = list(paths_in(inner)) if isinstance(inner, (dict, list)) else []
    path = (top, *generator.choice(below)) if below and generator.random() < 0.9 else (top,)
    holder = checkpoint
    for key in path[:-1]:
        holder = holder[key]
    name, key = '.'.join(map(str, path)), path[-1]
    if isinstance(holder, tuple):
        return f'{name} left alone'
    old = holder[key]
    way = generator.choice(('remove', 'add', 'replace', 'replace', 'replace', 'attack'))
    if way == 'remove':
        del holder[key]
    elif way == 'add' and isinstance(holder, dict):
        holder['not_a_key'] = torch.zeros(3)
    elif way == 'attack':
        holder[key] = generator.choice(attacks())
    elif isinstance(old, torch.Tensor):
        what, holder[key] = generator.choice(
            [
                ('nan', torch.full_like(old, float('nan')) if old.is_floating_point() else old),
                ('other shape', torch.zeros(*old.shape, 2)),
                ('empty', torch.empty(0)),
                ('complex', torch.zeros(old.shape, dtype=torch.complex64)),
                ('meta', torch.empty(old.shape, device='meta')),
                ('sparse', torch.zeros(old.shape).to_sparse()),
                ('a list', old.flatten()[:5].tolist()),
                ('half', old.half()),
                ('an enormous view', torch.zeros(1).expand(10**7, 10**5)),
            ]
        )
        way = what
    else:
        holder[key] = wrong_value(generator, old)
        if not isinstance(holder[key], (type(None), str, bool, int, float, list, dict, tuple)):
            holder[key] = float('nan')
        way = f'= {str(holder[key])[:60]!r}'
    return f'{name} {way}'


def _legacy(path, content):
    torch.save(content, path, _use_new_zipfile_serialization=False)


def _write(generator, source, path):
    """Writes a bad checkpoint; returns what is bad about it."""
    way = generator.random()
    if way < 0.4:
        what, content = damage(generator, source.read_bytes())
        path.write_bytes(content)
        return what
    checkpoint = torch.load(source, map_location='cpu', weights_only=False)
    if way < 0.85:
        what = _mutate(generator, checkpoint)
        generator.choice((_save, _save, lambda content, path: _legacy(path, content)))(
            checkpoint, path
        )
        return what
    what = generator.choice(
        ('a list', 'a tensor', 'a module', 'a bare pickle', 'an attack', 'a zip', 'nothing in it',
         'a folder', 'old format, damaged', 'a zip bomb')
    )  # fmt: skip
    if what == 'a folder':
        path.mkdir()
    elif what == 'a zip':
        with zipfile.ZipFile(path, 'w') as archive:
            archive.writestr('archive/data.pkl', b'')
    elif what == 'a zip bomb':
        with zipfile.ZipFile(path, 'w', zipfile.ZIP_DEFLATED) as archive:
            archive.writestr('archive/data.pkl', bytes(1 << 28))
    elif what == 'a bare pickle':
        path.write_bytes(pickle.dumps(generator.choice(attacks())))
    elif what == 'old format, damaged':
        _legacy(path, checkpoint)
        path.write_bytes(damage(generator, path.read_bytes())[1])
    else:
        contents = {
            'a list': [1, 2],
            'a tensor': torch.zeros(3),
            'a module': torch.nn.Linear(2, 2),
            'an attack': generator.choice(attacks()),
            'nothing in it': {},
        }
        torch.save(contents[what], path)
    return what


def make(generator, number, tasks, folder):
    """Writes a bad checkpoint and says which tool is to read it."""
    task = generator.choice(list(tasks.values()))
    what = _write(generator, task.checkpoint, folder / _NAME)
    config = str(task.config)
    longer = (
        'train_cfg.max_iters=3' if task is tasks['segmentation'] else 'train_cfg.max_epochs=2',
    )
    tool, argv = generator.choice(
        [
            ('test', (config, _NAME, '--work-dir', 'work')),
            ('train', (config, '--resume', _NAME, '--work-dir', 'work', '--cfg-options', *longer)),
            ('train', (config, '--work-dir', 'work', '--cfg-options', f'load_from={_NAME}')),
            ('predict', (config, _NAME, str(task.picture), '--out', 'out')),
        ]
    )
    return Case('checkpoints', number, what, tool, argv, folder, (_NAME,))
