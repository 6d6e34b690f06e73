"""The command line of prepare_data: one line for the user, whatever happens."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import scipy.io

from lkca_mm.datasets.prepare import SOURCES

TOOL = Path(__file__).parents[2] / 'tools' / 'prepare_data.py'


def run(*words):
    done = subprocess.run(
        [sys.executable, '-W', 'ignore', TOOL, *map(str, words)], capture_output=True, text=True
    )
    return done.returncode, done.stdout, done.stderr


def test_scenes(tmp_path):
    size = ('--size', 32, '--num-train', 2, '--num-val', 1, '--root', tmp_path)
    line = f'scenes: 2 training, 1 validation images in {tmp_path / "scenes"}'
    assert run('scenes', *size) == (0, f'{line} (ready)\n', '')
    assert run('scenes', *size) == (0, f'{line} (already there)\n', '')


def test_part_of_svhn(tmp_path):
    (tmp_path / 'mine').mkdir()
    content = {'X': np.zeros((32, 32, 3, 10), np.uint8), 'y': np.arange(1, 11)[:, None]}
    for split in ('train', 'test'):
        scipy.io.savemat(tmp_path / 'mine' / f'{split}_32x32.mat', content)
    given = ('svhn', '--from', tmp_path / 'mine', '--root', tmp_path / 'data')
    code, out, err = run(*given)
    assert (code, out) == (1, '')
    assert err.startswith('error: ') and err.count('\n') == 1
    assert f'{tmp_path / "mine"} holds 10 images instead of 73257' in err
    expected = f'svhn: 10 train, 10 test images in {tmp_path / "data" / "svhn"} (ready)\n'
    assert run(*given, '--allow-partial') == (0, expected, '')


@pytest.mark.parametrize(
    ('argv', 'word'),
    [
        (['camvid', '--from', 'nowhere'], 'nowhere holds no CamVid'),
        (['cifar10', '--url', 'http://127.0.0.1:9/x.tgz'], 'http://127.0.0.1:9/x.tgz cannot be'),
    ],
)
def test_one_line_for_a_mistake(tmp_path, argv, word):
    code, out, err = run(*argv, '--root', tmp_path / 'data')
    assert (code, out) == (1, '')
    assert err.startswith('error: ') and err.count('\n') == 1 and word in err


def test_every_data_set_is_offered():
    code, out, _ = run('--help')
    assert code == 0 and f'{{{",".join(SOURCES)},scenes}}' in out
