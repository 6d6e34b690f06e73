"""A rival of vit-pytorch through the tools: trained, scored, asked for the best classes."""

import json
import pickle

import numpy as np
import pytest
from checks import ROOT
from PIL import Image

pytest.importorskip('vit_pytorch')


def test_trained_scored_and_asked(run_tool, tmp_path):
    folder = tmp_path / 'data' / 'cifar-10-batches-py'
    folder.mkdir(parents=True)
    pixels = np.random.default_rng(0).integers(0, 256, (10, 3072), np.uint8)
    for name in (*(f'data_batch_{i}' for i in range(1, 6)), 'test_batch'):
        (folder / name).write_bytes(pickle.dumps({'data': pixels, 'labels': list(range(10))}))
    Image.fromarray(pixels[0].reshape(3, 32, 32).transpose(1, 2, 0)).save(tmp_path / 'one.png')
    config = tmp_path / 'cait.py'
    config.write_text(
        f"""
_base_ = {str(ROOT / 'configs' / 'cifar10' / 'cait-t_100e.py')!r}
model = dict(backbone=dict(dim=16, depth=2, mlp_dim=16, patch_size=16))
loader = dict(num_workers=0, persistent_workers=False)
dataset = dict(data_root={str(tmp_path / 'data')!r}, allow_partial=True)
train_dataloader = dict(batch_size=10, dataset=dataset, **loader)
val_dataloader = dict(batch_size=10, dataset=dataset, **loader)
test_dataloader = val_dataloader
train_cfg = dict(max_epochs=1, passes_per_epoch=1)
param_scheduler = []
work_dir = {str(tmp_path / 'work')!r}
"""
    )
    code, _, err = run_tool('train', config)
    assert code == 0, err
    weights = tmp_path / 'work' / 'epoch_1.pth'
    code, _, err = run_tool('test', config, weights, '--out', tmp_path / 'scores')
    assert code == 0, err
    scores = json.loads((tmp_path / 'scores' / 'scores.json').read_text())['scores']
    assert set(scores) == {'accuracy/top1', 'accuracy/top5'}
    assert 0 <= scores['accuracy/top1'] <= scores['accuracy/top5'] <= 100
    code, out, err = run_tool(
        'predict', config, weights, tmp_path / 'one.png', '--out', tmp_path / 'out'
    )
    assert code == 0, err
    line = next(line for line in out.splitlines() if line.startswith('one.png: '))
    assert line.count('%') == 5
    assert (tmp_path / 'out' / 'one.png').is_file()
