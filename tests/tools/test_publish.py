"""tools/publish.py: the shipped checkpoint, published again from a training checkpoint."""

import hashlib
import json

import pytest
import torch
from checks import ROOT, WEIGHTS, error_line

RECORD = ROOT / 'results' / 'cifar10' / 'lkca-t-light_60e_seed0.json'


@pytest.fixture
def trained(tmp_path, monkeypatch):
    """A checkpoint as training leaves it; returns a function that writes one of an epoch."""
    monkeypatch.chdir(ROOT)

    def write(epoch):
        loaded = torch.load(WEIGHTS, weights_only=True)
        loaded['state_dict'] = {k: 1.0001 * v.float() for k, v in loaded['state_dict'].items()}
        loaded['meta'] |= {'epoch': epoch, 'iter': 390 * epoch, 'cfg': 'a long config'}
        loaded['optimizer'] = {'state': {0: {'exp_avg': torch.zeros(1000)}}}
        torch.save(loaded, tmp_path / f'epoch_{epoch}.pth')
        return tmp_path / f'epoch_{epoch}.pth'

    return write


@pytest.mark.parametrize('dtype', [torch.float32, torch.float16], ids=str)
def test_weights_and_card(run_tool, tmp_path, trained, dtype):
    out, half = tmp_path / 'checkpoints', ['--half'] * (dtype == torch.float16)
    path = trained(60)  # of weights that are not fp16's
    code, _, err = run_tool('publish', path, RECORD, '--out', out, *half)
    assert code == 0, err
    (weights,), (card,) = out.glob('*.pth'), out.glob('*.md')
    content = weights.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    assert weights.name == f'lkca-t-light_cifar10-{digest[:8]}.pth'
    assert len(content) < dtype.itemsize * 1_027_611 * 1.05  # and hardly anything beside it
    record, text = json.loads(RECORD.read_text()), card.read_text()
    figures = ('88.69', '1,027,611', '23,400 iterations')
    assert all(words in text for words in (*figures, digest, record['command'], weights.name))
    loaded, original = (torch.load(path, weights_only=True) for path in (weights, path))
    assert loaded.keys() == {'meta', 'state_dict'} and 'optimizer' not in loaded
    assert loaded['meta'].keys() == {'dataset_meta', 'iter', 'lkca_mm'}
    assert loaded['state_dict'].keys() == original['state_dict'].keys()
    for name, value in original['state_dict'].items():
        assert torch.equal(loaded['state_dict'][name], value.to(dtype))


@pytest.mark.parametrize(
    ('changes', 'message'),
    [
        ({'finished': False}, 'is not the record of a training run that finished'),
        ({'settings': {'model.backbone.num_kernels': 4}}, 'differs from configs/cifar10/lkca-t-'),
        ({'config': 'configs/cifar10/lkca-b_100e.py'}, 'is a checkpoint of another model'),
        ({}, 'is of iteration 23010, but the recorded scores of iteration 23400'),
    ],
    ids=str,
)
def test_only_the_end_of_a_finished_run_is_published(run_tool, tmp_path, trained, changes, message):
    record = tmp_path / 'run.json'
    record.write_text(json.dumps({**json.loads(RECORD.read_text()), **changes}))
    epoch = 60 if 'config' in changes else 59
    code, _, err = run_tool('publish', trained(epoch), record, '--out', tmp_path / 'out')
    error_line(code, err, message)
    assert not list(tmp_path.glob('out/*'))
