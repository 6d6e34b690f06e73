"""The wheel carries what an installed package needs; configs are found by their names."""

import re
import subprocess
import sys
import zipfile
from importlib.util import find_spec
from pathlib import Path

import pytest
from mmengine.config import Config
from mmengine.hub import get_config
from mmengine.utils import get_installed_path

import lkca_mm
from lkca_mm.config import find_config, load_config, parse_options, shipped_folder
from lkca_mm.errors import ConfigError, InstallationError

ROOT = Path(__file__).parents[1]
NAME = 'upernet_lkca-s_ade20k_20k.py'


def files_of(folder):
    """The files below a folder of the checkout, without what Python and editors leave there."""
    paths = (path for path in (ROOT / folder).rglob('*') if path.is_file())
    found = {path.relative_to(ROOT) for path in paths if '__pycache__' not in path.parts}
    return {str(path) for path in found if not path.name.startswith('.')}


@pytest.fixture(scope='module')
def wheel(tmp_path_factory):
    """The names in a wheel, built as pip builds it but outside the checkout."""
    if find_spec('wheel') is None:
        pytest.skip('needs the package wheel: pip install -r requirements/build.txt')
    folder = tmp_path_factory.mktemp('wheel')
    words = ['egg_info', '--egg-base', folder, 'build', '--build-base', folder / 'build']
    command = [sys.executable, 'setup.py', '-q', *words, 'bdist_wheel', '--dist-dir', folder]
    ran = subprocess.run(list(map(str, command)), cwd=ROOT, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    (path,) = folder.glob('*.whl')
    with zipfile.ZipFile(path) as archive:
        return set(archive.namelist())


def test_wheel_carries_configs_and_tools(wheel):
    shipped = files_of('configs') | files_of('tools') | {'model-index.yml'}
    inside = {name for name in wheel if name.startswith('lkca_mm/.mim/')}
    assert inside == {f'lkca_mm/.mim/{name}' for name in shipped}
    assert f'lkca_mm/.mim/configs/{NAME}' in inside


def test_wheel_carries_the_package_and_nothing_else(wheel):
    """Every module and data file; no test, no record, no compiled file."""
    code = {name for name in wheel if name.startswith('lkca_mm/') and '/.mim/' not in name}
    package = {name for name in files_of('lkca_mm') if not name.startswith('lkca_mm/.mim/')}
    assert code == package
    rest = {name.split('/')[0] for name in wheel - code}
    assert len(rest) == 2 and 'lkca_mm' in rest  # the other is the dist-info
    assert any(name.endswith('LICENSE') for name in wheel)


def test_every_config_by_its_name_from_an_empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = (NAME, 'cifar10/lkca-b_100e.py', 'examples/dpt_lkca-s_ade20k_20k.py')
    for name in names:
        by_path = Config.fromfile(ROOT / 'configs' / name).to_dict()
        assert load_config(f'lkca_mm::{name}').to_dict() == by_path
        assert lkca_mm.get_config(name.removesuffix('.py')).to_dict() == by_path


def test_config_by_name_as_a_base(tmp_path):
    leaf = tmp_path / 'leaf.py'
    leaf.write_text(f'_base_ = "lkca_mm::{NAME}"\nmodel = dict(backbone=dict(num_kernels=2))\n')
    before = Config.__dict__['_get_cfg_path']
    expected = Config.fromfile(ROOT / 'configs' / NAME).to_dict()
    expected['model']['backbone']['num_kernels'] = 2
    assert load_config(leaf).to_dict() == expected
    assert Config.__dict__['_get_cfg_path'] is before  # mmengine is as it was


def test_other_names_are_read_as_before(tmp_path):
    """A file whose name has two colons, and the packages that mmengine knows."""
    odd = tmp_path / 'a::b.py'
    odd.write_text('model = dict(type="A")\n')
    assert load_config(odd).model.type == 'A'
    leaf = tmp_path / 'leaf.py'
    leaf.write_text('_base_ = "mmpretrain::_base_/default_runtime.py"\nmodel = dict()\n')
    assert load_config(leaf).default_scope == 'mmpretrain'


@pytest.mark.parametrize(
    ('text', 'words'),
    [
        (None, 'no such config file'),
        ('model = dict(', "SyntaxError: '(' was never closed"),
        ('x = 1', 'has no key `model`'),
        ('_base_ = "absent.py"', 'absent.py'),
    ],
)
def test_a_config_that_cannot_be_read_is_one_line(tmp_path, text, words):
    path = tmp_path / 'bad.py'
    if text is not None:
        path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        load_config(path)
    assert 'bad.py' in str(caught.value) and words in str(caught.value)
    assert '\n' not in str(caught.value)


def test_options_are_read_as_mmengine_reads_them():
    words = ['a.b=1', 'c=[1,2]', 'd=x,y', 'e=/a/c', 'f=True', 'g=1e-3', 'h=None', 'i="q"']
    assert parse_options(words) == {
        'a.b': 1, 'c': [1, 2], 'd': ['x', 'y'], 'e': '/a/c', 'f': True, 'g': 1e-3, 'h': None,
        'i': 'q',
    }  # fmt: skip
    with pytest.raises(ConfigError, match='is not KEY=VALUE'):
        parse_options(['a'])


def test_unknown_name_is_one_line():
    with pytest.raises(ConfigError, match=r'^lkca_mm::upernet\.py: no such config .*configs$'):
        find_config('lkca_mm::upernet.py')


def test_installed_configs_come_first(tmp_path, monkeypatch):
    monkeypatch.setattr('lkca_mm.config._PACKAGE', tmp_path / 'site-packages' / 'lkca_mm')
    (tmp_path / 'site-packages' / 'configs').mkdir(parents=True)  # somebody else's
    with pytest.raises(InstallationError, match='came without its configs'):
        shipped_folder('configs')
    installed = tmp_path / 'site-packages' / 'lkca_mm' / '.mim' / 'configs'
    installed.mkdir(parents=True)
    assert shipped_folder('configs') == installed


def test_model_index_is_valid():
    modelindex = pytest.importorskip('modelindex.load_model_index')
    index = modelindex.load(str(ROOT / 'model-index.yml'))
    index.build_models_with_collections()
    assert index.check(silent=True) == []


def test_mmengine_reads_the_index(tmp_path, monkeypatch):
    # Upstream looks for a package that is installed to be edited where wheels are unpacked.
    if not (Path(get_installed_path('lkca_mm')) / '.mim').exists():
        pytest.skip('mmengine finds no lkca_mm/.mim: it is made by pip install, -e for the fork')
    monkeypatch.chdir(tmp_path)
    small = 'cifar10/lkca-b_100e.py'
    by_path = Config.fromfile(ROOT / 'configs' / small).to_dict()
    assert get_config(f'lkca_mm::{small}').to_dict() == by_path


def test_stacks_document_says_what_the_log_says():
    log = (ROOT / 'results' / 'upstream_tests.log').read_text(encoding='utf-8')
    text = (ROOT / 'docs' / 'stacks.md').read_text(encoding='utf-8')
    assert re.search(r'^\d+ passed, \d+ skipped', log, re.M)[0] in text
    pins = (ROOT / 'tests' / 'upstream' / 'constraints.txt').read_text(encoding='utf-8')
    for name, number in re.findall(r'^([\w-]+)==(\S+)', pins, re.M):
        assert f'{name} {number}\n' in log and number in text, name
