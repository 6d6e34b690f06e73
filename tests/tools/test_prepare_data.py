"""The command line: one line for the user, whatever happens."""

import importlib.util
from pathlib import Path

from lkca_mm.command import run_command

import numpy as np
import pytest
import scipy.io

TOOL = Path(__file__).parents[2] / 'tools' / 'prepare_data.py'


@pytest.fixture
def run(capfd):
    spec = importlib.util.spec_from_file_location('prepare_data', TOOL)
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)

    def call(*argv):
        code = run_command(tool.build_parser(), tool.main, [str(arg) for arg in argv])
        out, err = capfd.readouterr()
        return code, out, err

    return call


@pytest.fixture
def partial_ade20k(tmp_path):
    folder = tmp_path / 'mine' / 'ADEChallengeData2016'
    for split in ('training', 'validation'):
        for kind, suffix in (('images', '.jpg'), ('annotations', '.png')):
            (folder / kind / split).mkdir(parents=True)
            for name in 'abc':
                (folder / kind / split / f'{name}{suffix}').write_bytes(b'')
    return folder


def test_scenes(run, tmp_path):
    size = ('--size', 32, '--num-train', 2, '--num-val', 1, '--root', tmp_path)
    assert run('scenes', *size) == (
        0,
        f'scenes: 2 training, 1 validation pairs in {tmp_path / "scenes"} (ready)\n',
        '',
    )
    assert 'already there' in run('scenes', *size)[1]
    assert '(ready)' in run('scenes', *size, '--seed', 1)[1]


def test_partial_ade20k(run, tmp_path, partial_ade20k):
    code, out, err = run('ade20k', '--from', partial_ade20k, '--root', tmp_path / 'data')
    assert (code, out) == (1, '')
    assert err.startswith('error: ') and err.count('\n') == 1
    assert 'holds 3 images instead of 20210' in err and '--allow-partial' in err
    assert not (tmp_path / 'data' / 'ADEChallengeData2016').exists()
    code, out, err = run(
        'ade20k', '--from', partial_ade20k.parent, '--root', tmp_path / 'data', '--allow-partial'
    )
    assert (code, err) == (0, '')
    assert '3 training, 3 validation pairs' in out
    assert (tmp_path / 'data' / 'ADEChallengeData2016' / 'images' / 'training' / 'a.jpg').exists()


def test_partial_svhn(run, tmp_path):
    (tmp_path / 'mine').mkdir()
    content = {'X': np.zeros((32, 32, 3, 10), np.uint8), 'y': np.arange(1, 11)[:, None]}
    for split in ('train', 'test'):
        scipy.io.savemat(tmp_path / 'mine' / f'{split}_32x32.mat', content)
    given = ('svhn', '--from', tmp_path / 'mine', '--root', tmp_path / 'data')
    code, out, err = run(*given)
    assert (code, out) == (1, '')
    assert err.startswith('error: ') and err.count('\n') == 1
    assert 'train_32x32.mat holds 10 pictures instead of 73257' in err
    folder = tmp_path / 'data' / 'svhn'
    expected = f'svhn: 10 train, 10 test images in {folder} (ready)\n'
    assert run(*given, '--allow-partial') == (0, expected, '')
    assert 'already there' in run(*given, '--allow-partial')[1]
    (folder / 'test_32x32.mat').write_bytes(b'cut')
    code, out, err = run(*given, '--allow-partial')
    assert (code, out) == (1, '') and err.count('\n') == 1
    assert (
        f'{folder / "test_32x32.mat"} is not a MATLAB file' in err and f'or remove {folder}' in err
    )


@pytest.mark.parametrize(
    ('argv', 'word'),
    [
        (['camvid', '--from', 'nowhere'], 'nowhere does not exist'),
        (['cifar10', '--from', 'nowhere'], 'nowhere does not exist'),
        (['cifar100', '--from', '.'], 'holds no cifar-100-python: expected train, test'),
        (['svhn', '--size', '3'], '--size does not apply to svhn'),
        (['camvid', '--url', 'ftp://host/x.zip'], 'ftp://host/x.zip'),
        (['camvid', '--url', 'http://host/x.zip', '--from', '.'], 'exclude each other'),
        (['camvid', '--seed', '3'], '--seed does not apply to camvid'),
        (['scenes', '--url', 'http://host/'], '--url does not apply to scenes'),
        (['scenes', '--allow-partial'], '--allow-partial does not apply to scenes'),
        (['scenes', '--size', '7'], 'size is 7'),
    ],
)
def test_one_line_for_every_mistake(run, tmp_path, monkeypatch, argv, word):
    monkeypatch.chdir(tmp_path)
    code, out, err = run(*argv)
    assert (code, out) == (1, '')
    assert err.startswith('error: ') and err.count('\n') == 1 and word in err
    assert not list(tmp_path.rglob('*.png'))


def test_every_data_set_is_offered(run, capfd):
    with pytest.raises(SystemExit):
        run('--help')
    assert '{ade20k,camvid,cifar10,cifar100,svhn,tiny-imagenet,scenes}' in capfd.readouterr().out
