"""tools/visualize.py from end to end, on a tiny segmentor with random weights."""

import json

import pytest
import torch
from checks import error_line

from lkca_mm.config import build_network, load_config


@pytest.fixture
def trained(write_config, tmp_path):
    """A config, a checkpoint and a record, as a run leaves them."""
    config = write_config('model["backbone"]["kernel_init"] = "conv"\n')
    checkpoint = tmp_path / 'run' / 'iter_4.pth'
    checkpoint.parent.mkdir()
    torch.manual_seed(0)
    torch.save({'state_dict': build_network(load_config(config)).state_dict()}, checkpoint)
    record = tmp_path / 'run' / 'record.json'
    entry = dict(iteration=4, train_loss=3.0, aAcc=1.0, mIoU=2.0)
    record.write_text(json.dumps(dict(curve=[entry])))
    return config, checkpoint, record


def test_kernels_and_curves(run_tool, trained, tmp_path):
    config, checkpoint, record = trained
    out = tmp_path / 'a.svg'
    code, printed, err = run_tool('visualize', 'kernels', config, checkpoint, '--out', out)
    assert code == 0, err
    assert f'written to {out}' in printed
    for word in ('LKCA kernels of tiny', 'run/iter_4.pth', 'layer 0', 'layer 3'):
        assert word in out.read_text()
    code, _, err = run_tool('visualize', 'curves', record, '--metric', 'aAcc', '--out', out)
    assert code == 0, err
    assert 'validation: aAcc' in out.read_text() and 'record' in out.read_text()


def test_receptive_fields(run_tool, trained, scenes, tmp_path):
    config, checkpoint, _ = trained
    code, printed, err = run_tool(
        *('visualize', 'erf', '--images', scenes / 'images' / 'validation'),
        *('--model', config, checkpoint),
        *('--model', config, 'model.backbone.kernel_init=zero'),
        *('--names', 'trained', 'start'),
        *('--out', tmp_path / 'a.svg', '--json', tmp_path / 'a.json'),
    )
    assert code == 0, err
    assert 'init_weights' not in printed + err  # no list of all weights
    record = json.loads((tmp_path / 'a.json').read_text())
    assert record['size'] == 32 and len(record['images']) == 2
    trained_model, start = record['models']
    # Four layers of kernels of zeros: the patch of 8 pixels alone.
    assert start['extents']['90%']['side'] <= 8 < trained_model['extents']['90%']['side']
    assert start['checkpoint'] is None
    assert f'start: 50% in {start["extents"]["50%"]["side"]} px' in printed
    text = (tmp_path / 'a.svg').read_text()
    for word in ('untrained', 'run/iter_4.pth', '2 images of 32 x 32', 'kernel_init=zero'):
        assert word in text


@pytest.mark.parametrize(
    ('words', 'message'),
    [
        ('kernels CONFIG CHECKPOINT --out a.pdf', 'a.pdf: must end in .png or .svg'),
        ('kernels CONFIG CHECKPOINT --layers 9 --out a.png', 'layer 9; there are 0, 1, 2, 3'),
        ('erf --model CONFIG a b --images IMAGE --out a.png', '2 checkpoints; repeat --model'),
        ('erf --model CONFIG --names a b --images IMAGE --out a.png', '2 different names for 1'),
        ('curves RUN --metric top1 --out a.png', 'no run has it; choose from aAcc, mIoU'),
    ],
)
def test_errors_are_one_line(run_tool, trained, scenes, tmp_path, monkeypatch, words, message):
    monkeypatch.chdir(tmp_path)
    known = dict(zip(('CONFIG', 'CHECKPOINT', 'RUN'), trained, strict=True))
    known['IMAGE'] = scenes / 'images' / 'validation' / 'scene_00000.png'
    code, _, err = run_tool('visualize', *[known.get(word, word) for word in words.split()])
    error_line(code, err, message)
    assert not list(tmp_path.glob('a.*'))
