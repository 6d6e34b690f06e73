"""tools/visualize.py from end to end, on a tiny segmentor with random weights."""

import json

import numpy as np
import pytest
import torch
from checks import error_line
from mmengine.registry import init_default_scope
from PIL import Image

from lkca_mm.config import build_network, load_config
from lkca_mm.visualization.predictions import read_truth


@pytest.fixture
def trained(write_config, tmp_path):
    """A config, a checkpoint and a work dir, as a run leaves them."""
    config = write_config('model["backbone"]["kernel_init"] = "conv"\n')
    checkpoint = tmp_path / 'run' / 'iter_4.pth'
    scalars = tmp_path / 'run' / '20260101_000000' / 'vis_data' / 'scalars.json'
    scalars.parent.mkdir(parents=True)
    torch.manual_seed(0)
    torch.save({'state_dict': build_network(load_config(config)).state_dict()}, checkpoint)
    lines = [dict(lr=1.0, loss=3.0, step=4), dict(aAcc=1.0, mIoU=2.0, time=0.1, step=4)]
    scalars.write_text('\n'.join(map(json.dumps, lines)))
    return config, checkpoint, tmp_path / 'run'


def test_kernels_and_curves(run_tool, trained, tmp_path):
    config, checkpoint, work_dir = trained
    out = tmp_path / 'a.svg'
    code, printed, err = run_tool('visualize', 'kernels', config, checkpoint, '--out', out)
    assert code == 0, err
    assert f'written to {out}' in printed
    for word in ('LKCA kernels of tiny', 'run/iter_4.pth', 'layer 0', 'layer 3'):
        assert word in out.read_text()
    code, _, err = run_tool('visualize', 'curves', work_dir, '--metric', 'aAcc', '--out', out)
    assert code == 0, err
    assert 'validation: aAcc' in out.read_text() and 'run' in out.read_text()


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


def test_predictions_beside_the_truth(run_tool, trained, scenes, tmp_path, monkeypatch):
    from lkca_mm.visualization import predictions

    config, checkpoint, _ = trained
    images, masks = (scenes / kind / 'validation' for kind in ('images', 'annotations'))
    overlaid, original = [], predictions.draw_overlay

    def draw_overlay(image, mask, meta):
        overlaid.append((image, mask))
        return original(image, mask, meta)

    monkeypatch.setattr(predictions, 'draw_overlay', draw_overlay)
    words = ('visualize', 'predictions', config, checkpoint, images, '--out', tmp_path / 'a.svg')
    code, _, err = run_tool(*words, '--truth', masks)
    assert code == 0, err
    text = (tmp_path / 'a.svg').read_text()
    for word in ('scene_00000.png', 'scene_00001.png', 'ground truth', 'prediction', 'iter_4.pth'):
        assert word in text
    image, truth = overlaid[0]
    assert (image == np.asarray(Image.open(images / 'scene_00000.png').convert('RGB'))).all()
    # ADE20K's encoding: 0 is no class, and becomes 255.
    expected = np.asarray(Image.open(masks / 'scene_00000.png')).astype(int) - 1
    assert (truth == np.where(expected < 0, 255, expected)).all() and len(np.unique(truth)) > 1
    assert len(overlaid) == 4
    init_default_scope('mmseg')
    with pytest.raises(Exception, match=r'none/a\.png: there is no mask of a\.jpg'):
        read_truth(load_config(config), tmp_path / 'none', tmp_path / 'a.jpg')


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
