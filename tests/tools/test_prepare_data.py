"""The command line of prepare_data: one line for the user, whatever happens."""

import numpy as np
import pytest
import scipy.io
from checks import error_line

from lkca_mm.datasets.prepare import SOURCES


def test_scenes(run_tool, tmp_path):
    words = ('scenes', '--size', 32, '--num-train', 2, '--num-val', 1, '--root', tmp_path)
    line = f'scenes: 2 training, 1 validation images in {tmp_path / "scenes"}'
    assert run_tool('prepare_data', *words) == (0, f'{line} (ready)\n', '')
    assert run_tool('prepare_data', *words) == (0, f'{line} (already there)\n', '')


def test_part_of_svhn(run_tool, tmp_path):
    (tmp_path / 'mine').mkdir()
    content = {'X': np.zeros((32, 32, 3, 10), np.uint8), 'y': np.arange(1, 11)[:, None]}
    for split in ('train', 'test'):
        scipy.io.savemat(tmp_path / 'mine' / f'{split}_32x32.mat', content)
    words = ('prepare_data', 'svhn', '--from', tmp_path / 'mine', '--root', tmp_path / 'data')
    code, out, err = run_tool(*words)
    assert error_line(code, err, f'{tmp_path / "mine"} holds 10 images instead of 73257')
    assert out == ''
    expected = f'svhn: 10 train, 10 test images in {tmp_path / "data" / "svhn"} (ready)\n'
    assert run_tool(*words, '--allow-partial') == (0, expected, '')


@pytest.mark.parametrize(
    ('words', 'message'),
    [
        (['camvid', '--from', 'nowhere'], 'nowhere holds no CamVid'),
        (['cifar10', '--url', 'http://127.0.0.1:9/x.tgz'], 'http://127.0.0.1:9/x.tgz cannot be'),
    ],
)
def test_one_line_for_a_mistake(run_tool, tmp_path, words, message):
    code, out, err = run_tool('prepare_data', *words, '--root', tmp_path / 'data')
    error_line(code, err, message)
    assert out == '' and err.count('\n') == 1


def test_every_data_set_is_offered(run_tool):
    code, out, _ = run_tool('prepare_data', '--help')
    assert code == 0 and f'{{{",".join(SOURCES)},scenes}}' in out
