"""What a checkpoint holds is looked at before anything relies on it."""

import zipfile

import numpy as np
import pytest
import torch

from lkca_mm.engine.checkpoint import read_checkpoint
from lkca_mm.engine.checkpoint_form import check_optimizer
from lkca_mm.errors import CheckpointError, DamagedCheckpointError

GOOD = {
    'state_dict': {'a': torch.zeros(3)},
    'meta': {'dataset_meta': {'classes': ('x', 'y'), 'palette': [[0, 0, 255], (1, 2, 3)]}},
}


def reading(tmp_path, **changes):
    path = tmp_path / 'a.pth'
    torch.save({**GOOD, **changes}, path)
    return read_checkpoint(path)


@pytest.mark.parametrize(
    'changes',
    [
        {},
        {'meta': None},
        {'meta': {'dataset_meta': {'palette': np.zeros((2, 3), np.uint8)}}},
        {'meta': {'dataset_meta': {'classes': None}}},
    ],
    ids=str,
)
def test_good_ones_pass(tmp_path, changes):
    assert list(reading(tmp_path, **changes)['state_dict']) == ['a']


@pytest.mark.parametrize(
    ('changes', 'words'),
    [
        ({'state_dict': [1]}, '`state_dict` is a list'),
        ({'state_dict': {'a': 3}}, "`state_dict` holds 'a', which is no weight"),
        ({'state_dict': ''}, '`state_dict` is a str'),
        ({'state_dict': {'a': torch.tensor([1, float('nan')])}}, 'the weight a is not finite'),
        (
            {'state_dict': {'a': torch.tensor([float('inf')]).expand(10**6, 10**6)}},
            'the weight a is not finite',
        ),
        ({'message_hub': {'resumed_keys': {'a': 2.5}}}, '`message_hub.resumed_keys` has 2.5 for a'),
        ({'meta': True}, '`meta` is a bool'),
        ({'meta': {'dataset_meta': 'x'}}, '`meta.dataset_meta` is a str'),
        ({'meta': {'dataset_meta': {'classes': [1, 2]}}}, 'no list of names'),
        ({'meta': {'dataset_meta': {'palette': [[None] * 3]}}}, 'no list of colours'),
        ({'meta': {'dataset_meta': {'palette': [[0, 0, 256]]}}}, 'no list of colours'),
    ],
    ids=str,
)
def test_nonsense_is_named(tmp_path, changes, words):
    with pytest.raises(CheckpointError) as caught:
        reading(tmp_path, **changes)
    assert str(caught.value).startswith(f'{tmp_path / "a.pth"}: ') and words in str(caught.value)


@pytest.mark.parametrize('way', ['packed', 'overlapping'])
def test_what_would_be_read_for_ever_is_refused(tmp_path, way):
    path = tmp_path / 'a.pth'
    kind = zipfile.ZIP_DEFLATED if way == 'packed' else zipfile.ZIP_STORED
    with zipfile.ZipFile(path, 'w', kind) as archive:
        archive.writestr('archive/data.pkl', bytes(1 << 20))
        if way == 'overlapping':  # many names for the same megabyte
            archive.filelist *= 1000
    words = 'larger than it is' if way == 'overlapping' else 'data.pkl are not those'
    with pytest.raises(DamagedCheckpointError, match=words):
        read_checkpoint(path)


@pytest.mark.parametrize(
    'change', ['lacks exp_avg_sq', 'wrong exp_avg', 'wrong step', 'wrong exp_avg_sq']
)
def test_optimizer_that_could_make_no_step(change):
    layer = torch.nn.Linear(2, 3)
    optimizer = torch.optim.AdamW(layer.parameters())
    layer(torch.ones(1, 2)).sum().backward()
    optimizer.step()
    check_optimizer(optimizer, 'a.pth')
    state = optimizer.state[layer.bias]
    if change.startswith('lacks'):
        del state['exp_avg_sq']
    elif change == 'wrong step':
        state['step'] = torch.zeros(1).expand(5, 5)
    elif change == 'wrong exp_avg_sq':
        state['exp_avg_sq'][1] = float('nan')
    else:
        state['exp_avg'] = torch.zeros(4)
    with pytest.raises(CheckpointError, match=rf'a\.pth: .*{change}.*\(3,\)'):
        check_optimizer(optimizer, 'a.pth')


def test_optimizer_state_of_no_weight():
    layer = torch.nn.Linear(2, 3)
    optimizer = torch.optim.AdamW(layer.parameters())
    optimizer.state[-5] = {'step': torch.zeros(())}
    with pytest.raises(CheckpointError, match=r'a\.pth: .* a state for -5, which is no weight'):
        check_optimizer(optimizer, 'a.pth')
