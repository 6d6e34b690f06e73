"""An error that nobody foresaw is shown with the config's key that it has to do with."""

import argparse
import linecache

from lkca_mm.command import run_command

import pytest
from mmengine.config import Config
from mmengine.registry import TRANSFORMS, Registry

from lkca_mm.errors import ConfigError
from lkca_mm.failing_part import name_part

PARTS = Registry('parts')


@PARTS.register_module()
class Part:
    """Fails when it is made, or later."""

    def __init__(self, when='never', inner=None):
        self.when = when
        if when == 'made':
            raise TypeError('made wrong')
        self.inner = inner and PARTS.build(inner)

    def work(self):
        if self.when == 'works':
            raise ZeroDivisionError('works wrong')
        return self.inner.work()


@PARTS.register_module()
class OtherPart(Part):
    """Another part."""


TEXT = """
unused = dict(type='Part', when='made')
model = dict(type='OtherPart', inner=dict(type='Part', when={model!r}))
train_dataloader = dict(type='OtherPart', inner=dict(type='Part', when={data!r}))
"""


def failure(tmp_path, model='never', data='never', build='model', text=TEXT):
    path = tmp_path / 'a.py'
    path.write_text(text.format(model=model, data=data))
    config = Config.fromfile(str(path))
    with pytest.raises(Exception) as caught:  # noqa: B017, PT011: any will do
        PARTS.build(config[build]).work()
    return path, name_part(caught.value)


@pytest.mark.parametrize('build', ['model', 'train_dataloader'])
def test_key_of_what_cannot_be_built(tmp_path, build):
    path, place = failure(tmp_path, 'made', 'made', build)
    assert place in (f'{path}: {build}.inner: ', f'{path}: model.inner or train_dataloader.inner: ')
    other = {'model': 'never', 'data': 'made'} if build == 'train_dataloader' else {'model': 'made'}
    path, place = failure(tmp_path, build=build, **other)
    assert place == f'{path}: {build}.inner: '


def test_key_of_what_fails_later(tmp_path):
    path, place = failure(tmp_path, model='works')
    assert place == f'{path}: model.inner or train_dataloader.inner: '


def test_unknown_types_name_the_scope(tmp_path):
    text = "default_scope = 'elsewhere'\nmodel = dict(type='Prat')\n"
    path, place = failure(tmp_path, text=text)
    assert place == f"{path}: model (default_scope='elsewhere'): "


def test_no_config_no_place():
    with pytest.raises(KeyError) as caught:
        TRANSFORMS.build({'type': 'Nothing'})
    assert name_part(caught.value) == ''


@pytest.mark.parametrize('error', [TypeError('wrong'), ConfigError('wrong')])
def test_only_what_nobody_foresaw_is_given_a_place(tmp_path, capsys, error):
    (tmp_path / 'a.py').write_text('model = dict()')

    def main(args):
        config = Config.fromfile(str(tmp_path / 'a.py'))
        raise error if config else None

    assert run_command(argparse.ArgumentParser(), main, []) == 1
    foreseen = isinstance(error, ConfigError)
    expected = 'error: wrong' if foreseen else f'error: {tmp_path / "a.py"}: TypeError: wrong'
    assert capsys.readouterr().err.strip() == expected


def test_a_search_that_fails_does_not_hide_the_error(capsys, monkeypatch):
    monkeypatch.setattr('lkca_mm.failing_part._frames', lambda error: 1 / 0)

    def main(args):
        raise ValueError('wrong')

    assert run_command(argparse.ArgumentParser(), main, []) == 1
    assert capsys.readouterr().err == 'error: ValueError: wrong\n'


def test_an_assertion_without_words_says_what_was_asserted(capsys):
    text = 'def main(args):\n    assert args is None\n'
    linecache.cache['told.py'] = (len(text), None, text.splitlines(keepends=True), 'told.py')
    names = {}
    exec(compile(text, 'told.py', 'exec'), names)  # pytest rewrites the assertions of a test
    assert run_command(argparse.ArgumentParser(), names['main'], []) == 1
    assert capsys.readouterr().err == 'error: AssertionError: assert args is None\n'


def test_long_texts_are_cut_in_their_middle(capsys):
    def main(args):
        raise ValueError('a' * 3000 + 'b' * 3000)

    assert run_command(argparse.ArgumentParser(), main, []) == 1
    line = capsys.readouterr().err.strip()
    assert len(line) < 500 and line.startswith('error: ValueError: aaa') and line.endswith('bbb')
