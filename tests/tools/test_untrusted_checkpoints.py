"""No tool runs what a checkpoint holds, unless it is told to."""

import json
import os
import shlex

import pytest
import torch

pytestmark = pytest.mark.usefixtures('quick_text')


class Payload:
    """Runs a command when it is unpickled, as a checkpoint from a stranger may."""

    def __init__(self, mark):
        self.mark = mark

    def __reduce__(self):
        return os.system, (f'touch {shlex.quote(str(self.mark))}',)


@pytest.fixture
def trained(run_tool, write_config, tmp_path):
    config = write_config('train_cfg = dict(max_iters=2, val_interval=9)')
    code, _, err = run_tool('train', config)
    assert code == 0, err
    return config, tmp_path / 'work' / 'iter_2.pth'


def make_evil(trained, tmp_path, kind):
    """Writes a checkpoint that works and leaves a mark, in either format of PyTorch."""
    mark = tmp_path / 'mark'
    checkpoint = torch.load(trained[1], map_location='cpu', weights_only=False)
    checkpoint['meta']['author'] = Payload(mark)
    path = tmp_path / 'evil.pth'
    torch.save(checkpoint, path, _use_new_zipfile_serialization=kind == 'zip')
    return path, mark


def commands(config, path, folder, pictures):
    """Every way by which a tool reads a checkpoint."""
    record = folder / 'record.json'
    schedule = {'max_epochs': 0, 'batch_size': 1, 'passes_per_epoch': 1, 'total_iterations': 2}
    facts = {'model': 'm', 'dataset': 'd', 'params': 1, 'seed': 0, 'command': '', 'final': {}}
    record.write_text(
        json.dumps(
            facts
            | {'config': str(config), 'finished': True, 'schedule': schedule}
            | {'curve': [], 'environment': {'commit': '', 'torch': ''}}
        )
    )
    longer = ('--cfg-options', 'train_cfg.max_iters=3')
    return {
        'resume': ('train', config, '--work-dir', folder / 'a', '--resume', path, *longer),
        'load_from': (
            *('train', config, '--work-dir', folder / 'b', '--cfg-options'),
            *(f'load_from={path}', 'train_cfg.max_iters=1'),
        ),
        'pretrained': (
            *('train', config, '--work-dir', folder / 'c', '--cfg-options'),
            *('train_cfg.max_iters=1', 'model.init_cfg.type=Pretrained'),
            f'model.init_cfg.checkpoint={path}',
        ),
        'test': ('test', config, path, '--work-dir', folder / 'd'),
        'predict': ('predict', config, path, pictures, '--out', folder / 'e', '--device', 'cpu'),
        'publish': ('publish', path, record, '--out', folder / 'f'),
    }


def test_code_in_a_checkpoint_is_not_run(run_tool, trained, tmp_path, scenes):
    pictures = scenes / 'images' / 'validation'
    for kind in ('zip', 'legacy'):
        path, mark = make_evil(trained, tmp_path, kind)
        for way, command in commands(trained[0], path, tmp_path, pictures).items():
            if kind == 'legacy' and way not in ('test', 'publish'):
                continue
            code, _, err = run_tool(*command)
            assert code == 1, way
            (line,) = [line for line in err.splitlines() if line.startswith('error: ')]
            assert 'evil.pth' in line and 'system' in line and '--trust-checkpoint' in line, way
            assert 'Traceback' not in err
            assert not mark.exists(), way
            # With the override it does run: the checkpoint is one that can.
            run_tool(*command, '--trust-checkpoint')
            assert mark.exists(), way
            mark.unlink()


def test_a_config_within_a_checkpoint_is_not_run(run_tool, trained, tmp_path):
    """mmengine executes `meta.config`, plain text to the unpickler, when it resumes."""
    config, whole = trained
    checkpoint = torch.load(whole, map_location='cpu', weights_only=False)
    checkpoint['meta']['config'] = f'open({str(tmp_path / "mark")!r}, "w")\n'
    path = tmp_path / 'with_config.pth'
    torch.save(checkpoint, path)
    command = ('train', config, '--resume', path, '--cfg-options', 'train_cfg.max_iters=3')
    code, _, err = run_tool(*command)
    assert code == 0, err
    assert not (tmp_path / 'mark').exists()


@pytest.mark.parametrize('name', ['https://a.b/c.pth', 'torchvision://resnet50', 's3://a/b.pth'])
def test_what_mmengine_would_fetch_and_unpickle_is_refused(run_tool, write_config, name):
    config = write_config('train_cfg = dict(max_iters=1, val_interval=1)')
    code, _, err = run_tool('train', config, '--cfg-options', f'load_from={name}')
    assert code == 1
    assert name in err and 'download it' in err and 'Traceback' not in err


def test_mmengines_own_histories_load(tmp_path):
    """A hub that mmengine filled: its histories list their methods, by way of `getattr`."""
    import numpy as np
    from mmengine.logging import MessageHub

    from lkca_mm.engine.weights_only import load_data_only

    hub = MessageHub('untrusted')
    for value in (3.0, 1.0):
        hub.update_scalar('train/loss', value)
    hub.update_info('best_score', np.float64(0.5))
    hub.update_info('counts', np.arange(3, dtype=np.uint8))
    path = tmp_path / 'hub.pth'
    torch.save({'message_hub': hub.state_dict()}, path)
    loaded = load_data_only(path)['message_hub']
    assert loaded['log_scalars']['train/loss'].mean() == 2
    assert loaded['runtime_info']['best_score'] == 0.5
    assert loaded['runtime_info']['counts'].tolist() == [0, 1, 2]


class Reach:
    """Asks for an attribute of something that checkpoints have no need of."""

    def __init__(self, owner, name):
        self.owner, self.name = owner, name

    def __reduce__(self):
        return getattr, (self.owner, self.name)


def test_getattr_reaches_nothing_else(tmp_path):
    from lkca_mm.engine.weights_only import load_data_only
    from lkca_mm.errors import UntrustedCheckpointError

    path = tmp_path / 'reach.pth'
    torch.save({'state_dict': Reach(torch.Tensor, 'tofile')}, path)
    with pytest.raises(UntrustedCheckpointError, match='tofile'):
        load_data_only(path)
