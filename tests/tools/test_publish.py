"""A leaf config from training to published weights, and a picture classified with them."""

import hashlib
import json
import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
from mmpretrain.datasets import CIFAR10
from PIL import Image

from lkca_mm.publish import check_record

ROOT = Path(__file__).parents[2]
CONFIG = 'configs/cifar10/lkca-500k_100e.py'


@pytest.fixture
def trained(run_tool, tmp_path, monkeypatch):
    """Two epochs of three passes over 60 noisy pictures; returns the work dir and the record."""
    monkeypatch.chdir(ROOT)
    folder = tmp_path / 'data' / 'cifar-10-batches-py'
    folder.mkdir(parents=True)
    generator = np.random.default_rng(0)
    for name in (*(f'data_batch_{i}' for i in range(1, 6)), 'test_batch'):
        pixels = generator.integers(0, 256, (12, 3072), np.uint8)
        content = {'data': pixels, 'labels': [*range(10), 0, 1]}
        (folder / name).write_bytes(pickle.dumps(content))
    record = tmp_path / 'run.json'
    options = [
        f'{loader}_dataloader.{key}={value}'
        for loader in ('train', 'val')
        for key, value in {
            'batch_size': 16, 'num_workers': 0, 'persistent_workers': False,
            'dataset.data_root': tmp_path / 'data', 'dataset.allow_partial': True,
        }.items()
    ]  # fmt: skip
    code, _, err = run_tool(
        'train', CONFIG, '--work-dir', tmp_path / 'work', '--record', record, '--seed', 3,
        '--cfg-options', *options, 'train_cfg.max_epochs=2',
        'param_scheduler.0.end=1', 'param_scheduler.1.begin=1', 'param_scheduler.1.end=2',
    )  # fmt: skip
    assert code == 0, err
    return tmp_path / 'work', record


def test_from_training_to_a_picture(run_tool, tmp_path, trained):
    work, record = trained
    written = json.loads(record.read_text())
    assert written['schedule']['passes_per_epoch'] == 3
    assert written['schedule']['iterations_per_epoch'] == 3 * 60 // 16
    assert len(written['curve']) == 2

    out = tmp_path / 'checkpoints'
    code, _, err = run_tool('publish', work / 'epoch_2.pth', record, '--out', out)
    assert code == 0, err
    (weights,) = out.glob('*.pth')
    (card,) = out.glob('*.md')
    content = weights.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    assert weights.name == f'lkca-500k_cifar10-{digest[:8]}.pth'
    assert len(content) < 4 * 500_710 * 1.05  # fp32 and hardly anything beside it
    text = card.read_text()
    assert digest in text
    assert f'{written["final"]["accuracy/top1"]:.2f}' in text
    assert '500,710' in text

    loaded = torch.load(weights, weights_only=True)
    original = torch.load(work / 'epoch_2.pth', weights_only=False)['state_dict']
    assert loaded['state_dict'].keys() == original.keys()
    assert all(torch.equal(value, original[name]) for name, value in loaded['state_dict'].items())

    generator = np.random.default_rng(1)
    picture = tmp_path / 'noise.png'
    Image.fromarray(generator.integers(0, 256, (50, 70, 3), np.uint8)).save(picture)
    code, printed, err = run_tool('predict', CONFIG, weights, picture, '--out', tmp_path / 'seen')
    assert code == 0, err
    named = [name for name in CIFAR10.METAINFO['classes'] if name in printed]
    assert len(named) == 5
    with Image.open(next((tmp_path / 'seen').iterdir())) as drawn:
        assert drawn.height / drawn.width > 50 / 70  # the list stands below the picture


def test_only_the_end_of_a_finished_run_is_published(run_tool, tmp_path, trained):
    work, record = trained
    code, _, err = run_tool('publish', work / 'epoch_1.pth', record, '--out', tmp_path / 'out')
    assert code == 1
    assert 'is of epoch 1, but the recorded accuracy of epoch 2' in err.splitlines()[-1]
    unfinished = json.loads(record.read_text()) | {'finished': False}
    record.write_text(json.dumps(unfinished))
    code, _, err = run_tool('publish', work / 'epoch_2.pth', record, '--out', tmp_path / 'out')
    assert code == 1
    assert 'of a run that did not end' in err.splitlines()[-1]
    assert not (tmp_path / 'out').exists()


RECORD = {
    **{'model': 'lkca-t', 'dataset': 'cifar10', 'config': 'a.py', 'command': 'train', 'params': 3},
    'schedule': {
        'max_epochs': 2, 'passes_per_epoch': 3, 'batch_size': 4, 'total_iterations': 5
    },
    'environment': {'commit': 'x', 'torch': '2'},
    'final': {'accuracy/top1': 10.0},
}  # fmt: skip


@pytest.mark.parametrize(
    ('changes', 'words'),
    [
        ({'schedule': None}, '`schedule` is None'),
        ({'schedule': {}}, 'lacks `schedule.max_epochs`'),
        ({'environment': {'torch': '2'}}, 'lacks `environment.commit`'),
        ({'final': {'accuracy/top1': 'high'}}, "accuracy/top1='high'"),
        ({'model': '../../elsewhere'}, "'../../elsewhere', which cannot be a file name"),
        ({'dataset': ''}, "`dataset` is ''"),
    ],
    ids=str,
)
def test_a_record_that_a_card_cannot_be_made_of_is_named(run_tool, tmp_path, changes, words):
    check_record(RECORD, 'run.json')
    record = tmp_path / 'run.json'
    record.write_text(json.dumps({**RECORD, **changes}))
    code, _, err = run_tool('publish', tmp_path / 'none.pth', record, '--out', tmp_path / 'out')
    assert code == 1
    assert err.startswith(f'error: {record}: ') and words in err and err.count('\n') == 1
    assert not (tmp_path / 'out').exists()


def test_json_that_is_no_record(run_tool, tmp_path):
    (tmp_path / 'run.json').write_text('[]')
    code, _, err = run_tool('publish', tmp_path / 'none.pth', tmp_path / 'run.json')
    assert (code, err.strip()) == (
        1, f'error: {tmp_path / "run.json"}: holds a list, not a record of training'
    )  # fmt: skip
