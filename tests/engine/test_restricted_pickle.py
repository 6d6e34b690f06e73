"""The reader of checkpoints on PyTorch before 2.4, which runs on every other as well."""

import os

import numpy as np
import pytest
import torch
from mmengine.logging import MessageHub

from lkca_mm.engine.weights_only import load_data_only
from lkca_mm.errors import UntrustedCheckpointError


@pytest.fixture(autouse=True)
def old_pytorch(monkeypatch):
    monkeypatch.delattr(torch.serialization, 'add_safe_globals', raising=False)


class Call:
    """Becomes the call of a function when it is unpickled."""

    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


@pytest.mark.parametrize('zipped', [True, False])
def test_a_checkpoint_of_mmengine(tmp_path, zipped):
    hub = MessageHub('restricted')
    for value in (3.0, 1.0):
        hub.update_scalar('train/loss', value)
    hub.update_info('best_score', np.float64(0.5))
    hub.update_info('counts', np.arange(3, dtype=np.uint8))
    layer = torch.nn.Linear(2, 2)
    optimizer = torch.optim.AdamW(layer.parameters())
    layer(torch.ones(1, 2)).sum().backward()
    optimizer.step()
    path = tmp_path / 'whole.pth'
    saved = {
        'state_dict': layer.state_dict() | {'half': torch.ones(3, dtype=torch.bfloat16)},
        'parameter': layer.weight,
        'optimizer': optimizer.state_dict(),
        'message_hub': hub.state_dict(),
        'size': torch.Size([2, 3]),
    }
    torch.save(saved, path, _use_new_zipfile_serialization=zipped)
    loaded = load_data_only(path)
    torch.testing.assert_close(loaded['state_dict'], saved['state_dict'], rtol=0, atol=0)
    torch.testing.assert_close(loaded['optimizer']['state'], saved['optimizer']['state'])
    assert torch.equal(loaded['parameter'], layer.weight) and loaded['size'] == (2, 3)
    hub = loaded['message_hub']
    assert hub['log_scalars']['train/loss'].mean() == 2
    assert hub['runtime_info']['best_score'] == 0.5
    assert hub['runtime_info']['counts'].tolist() == [0, 1, 2]


@pytest.mark.parametrize('zipped', [True, False])
@pytest.mark.parametrize(
    ('call', 'name'),
    [
        (Call(os.system, 'true'), 'system'),
        (Call(eval, '1'), 'eval'),
        (Call(getattr, torch.Tensor, 'tofile'), 'tofile'),
        (Call(torch.load, 'other.pth'), 'load'),
        (Call(np.load, 'other.npy'), 'load'),
    ],
)
def test_whatever_else_is_named_and_not_called(tmp_path, call, name, zipped):
    path = tmp_path / 'evil.pth'
    torch.save({'state_dict': call}, path, _use_new_zipfile_serialization=zipped)
    with pytest.raises(UntrustedCheckpointError, match=rf'evil\.pth: holds \S*{name}'):
        load_data_only(path)
