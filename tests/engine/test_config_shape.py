"""Configs and settings of the wrong outlines are refused before anything is built."""

import argparse

import pytest

from lkca_mm.engine.options import SettingsAction
from lkca_mm.engine.run_config import load_config
from lkca_mm.errors import ConfigError

GOOD = {
    'model': {'type': 'A', 'arch': {'num_layers': 2}},
    'train_dataloader': {
        'batch_size': 2,
        'num_workers': 0,
        'dataset': {'type': 'RepeatDataset', 'dataset': {'type': 'B', 'pipeline': [{'type': 'C'}]}},
    },
    'val_dataloader': None,
    'param_scheduler': {'type': 'D'},
    'custom_hooks': [{'type': 'E'}],
    'default_hooks': {'logger': None},
    'work_dir': 'w',
}
PIPELINE = ('train_dataloader', 'dataset', 'dataset', 'pipeline')


def load(tmp_path, settings, name='a.py'):
    path = tmp_path / name
    path.write_text('\n'.join(f'{key} = {value!r}' for key, value in settings.items()))
    return load_config(str(path))


def changed(settings, path, value):
    if not path:
        return value
    if isinstance(settings, list):
        return [changed(one, path[1:], value) if i == path[0] else one
                for i, one in enumerate(settings)]  # fmt: skip
    return {**settings, path[0]: changed(settings.get(path[0], {}), path[1:], value)}


def test_good_ones_pass(tmp_path):
    assert load(tmp_path, GOOD).train_dataloader.batch_size == 2


@pytest.mark.parametrize(
    ('path', 'value', 'words'),
    [
        (('model',), None, 'model=None must be a dict'),
        (('model',), [1], 'model=[1] must be a dict'),
        (('model',), {}, 'model has no key `type`'),
        (('train_dataloader',), 5, 'train_dataloader=5 must be a dict'),
        (('train_dataloader', 'dataset'), None, 'train_dataloader.dataset=None must be a dict'),
        (PIPELINE, {'type': 'C'}, "pipeline={'type': 'C'} must be a list of dicts"),
        ((*PIPELINE, 0), 'C', "pipeline.0='C' must be a dict"),
        ((*PIPELINE, 0), {}, 'pipeline.0 has no key `type`'),
        (('train_dataloader', 'batch_size'), 0, 'batch_size=0 must be a whole number, 1 to 65536'),
        (('train_dataloader', 'batch_size'), 2.0, 'batch_size=2.0 must be a whole number'),
        (('train_dataloader', 'num_workers'), 10**6, 'num_workers=1000000 must be'),
        (('model', 'arch', 'num_layers'), 10**7, 'model.arch.num_layers=10000000 must be'),
        (('custom_hooks',), {'type': 'E'}, 'must be a list of dicts'),
        (('custom_hooks', 0), 'E', "custom_hooks.0='E' must be a dict"),
        (('default_hooks', 'logger'), 3, 'default_hooks.logger=3 must be a dict'),
        (('param_scheduler',), 'D', "param_scheduler='D' must be a dict or a list"),
        (('work_dir',), 3, 'work_dir=3 must be a text'),
    ],
    ids=str,
)
def test_wrong_outlines_are_named(tmp_path, path, value, words):
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, changed(GOOD, path, value))
    assert str(caught.value).startswith(f'{tmp_path / "a.py"}: ') and words in str(caught.value)


@pytest.mark.parametrize('bases', [["'a.py'"], ["['b.py']", "('c.py', 'a.py')"]], ids=str)
def test_configs_that_build_on_themselves(tmp_path, bases):
    (tmp_path / 'c.py').write_text('model = dict(type=1)')
    for name, base in zip('ab', bases, strict=False):
        (tmp_path / f'{name}.py').write_text(f'_base_ = {base}\n')
    last = tmp_path / f'{"ab"[len(bases) - 1]}.py'
    with pytest.raises(ConfigError) as caught:
        load_config(str(tmp_path / 'a.py'))
    assert str(caught.value) == f'{last}: has a.py in `_base_`, which builds on it'


def test_two_ways_to_one_base_are_no_circle(tmp_path):
    (tmp_path / 'c.py').write_text("model = dict(type='A')\n")
    for name, text in (('b', "_base_ = 'c.py'"), ('d', "_base_ = 'c.py'\nmodel = dict(b=1)")):
        (tmp_path / f'{name}.py').write_text(text)
    (tmp_path / 'a.py').write_text("_base_ = 'd.py'\n")
    assert load_config(str(tmp_path / 'a.py')).model == {'type': 'A', 'b': 1}


def parse(*words):
    parser = argparse.ArgumentParser()
    parser.add_argument('--set', nargs='+', action=SettingsAction)
    return parser.parse_args(['--set', *words]).set


@pytest.mark.parametrize(
    ('word', 'value'),
    [
        ('3', 3),
        ('1e-3', 1e-3),
        ('true', True),
        ('None', None),
        ('(1, 2)', (1, 2)),
        ('a,b', ['a', 'b']),
        ('/data/my pictures', '/data/my pictures'),
        ("'/data/a (1), b'", '/data/a (1), b'),
        ('"[1,2]"', [1, 2]),
        ('', ''),
    ],
)
def test_values_on_the_command_line(word, value):
    assert parse(f'a.b={word}', 'c=1') == {'a.b': value, 'c': 1}


@pytest.mark.parametrize('word', ['a', '=3', 'a=(1,2', 'a=[1,2', ''])
def test_what_is_no_setting_is_named(capsys, word):
    with pytest.raises(SystemExit):
        parse('x=1', word)
    assert f'argument --set: {word!r}' in capsys.readouterr().err
