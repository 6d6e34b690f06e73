"""The command line of prepare_data: one line for the user, whatever happens."""

import pytest
from checks import error_line


def test_scenes(run_tool, tmp_path):
    words = ('scenes', '--size', 32, '--num-train', 2, '--num-val', 1, '--root', tmp_path)
    line = f'scenes: 2 training, 1 validation images in {tmp_path / "scenes"}'
    assert run_tool('prepare_data', *words) == (0, f'{line} (ready)\n', '')
    assert run_tool('prepare_data', *words) == (0, f'{line} (already there)\n', '')


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
