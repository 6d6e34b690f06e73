"""Two machines, and processes that share one model, against two processes of one machine."""

import subprocess
from pathlib import Path

import pytest
import torch
from packaging.version import Version
from test_processes import ENVIRONMENT, ROOT, free_port

STRATEGY = str(ROOT / 'configs' / '_base_' / 'strategies' / 'fsdp.py')
# SGD: Adam divides by gradients, and so makes much of their last bits.
PLAIN = """
optim_wrapper = dict(_delete_=True, type='OptimWrapper',
                     optimizer=dict(type='SGD', lr=0.1, momentum=0.9))
randomness = dict(seed=3)
"""
SHARED = f"""
import runpy
strategy = runpy.run_path({STRATEGY!r})['strategy']
strategy['model_wrapper']['sharding_strategy'] = {{sharding!r}}
del runpy
"""


def start(config, processes, *arguments, **environment):
    """Starts one machine's part of a training run."""
    return subprocess.Popen(
        ['tools/dist_train.sh', config, str(processes), '--deterministic', *arguments],
        env=ENVIRONMENT | environment,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def end(*parts):
    """Waits for a run; returns what its first machine printed."""
    printed = [part.communicate(timeout=240)[0] for part in parts]
    for part, text in zip(parts, printed, strict=True):
        assert part.returncode == 0, text[-3000:]
    return printed[0]


def weights(folder, iteration=4):
    path = Path(folder) / f'iter_{iteration}.pth'
    return torch.load(path, map_location='cpu', weights_only=False)


def difference(one, two):
    assert one.keys() == two.keys()
    return max((one[name].double() - two[name].double()).abs().max().item() for name in one)


@pytest.fixture(scope='module')
def usual(tmp_path_factory):
    """Lazily trains with two processes of one machine, once."""
    folder, runs = tmp_path_factory.mktemp('usual'), []

    def run(config):
        if not runs:
            parts = (config, 2, '--work-dir', str(folder))
            end(start(*parts, MASTER_PORT=free_port()))
            runs.append(weights(folder))
        return runs[0]

    return run


def test_two_machines_are_as_good_as_one(write_config, tmp_path, usual):
    """Two launchers that find each other by address, as on two machines: bit for bit."""
    config = write_config(PLAIN)
    shared = {'NNODES': '2', 'MASTER_ADDR': '127.0.0.1', 'MASTER_PORT': free_port()}
    printed = end(*(start(config, 1, NODE_RANK=str(rank), **shared) for rank in range(2)))
    assert 'Distributed training: True' in printed and 'GPU number: 2' in printed
    assert difference(weights(tmp_path / 'work')['state_dict'], usual(config)['state_dict']) == 0


@pytest.mark.skipif(
    Version(torch.__version__) < Version('2.2'), reason='PyTorch 2.1 shares models on GPUs alone'
)
def test_a_shared_model_learns_the_same(write_config, tmp_path, usual, run_tool):
    """Begins with all of it in parts (stage 3 of ZeRO), goes on with whole weights (stage 2)."""
    expected = usual(write_config(PLAIN, name='plain.py'))['state_dict']
    config = write_config(PLAIN + SHARED.format(sharding='FULL_SHARD'))
    end(
        start(config, 2, '--cfg-options', 'train_cfg.max_iters=2', MASTER_PORT=free_port()),
    )
    assert weights(tmp_path / 'work', 2)['optimizer']['state']
    config = write_config(PLAIN + SHARED.format(sharding='SHARD_GRAD_OP'))
    printed = end(start(config, 2, '--resume', MASTER_PORT=free_port()))
    assert 'resumed epoch: 0, iter: 2' in printed
    assert difference(weights(tmp_path / 'work')['state_dict'], expected) < 1e-5
    code, _, err = run_tool('test', config, tmp_path / 'work' / 'iter_4.pth')
    assert code == 0, err


def test_a_shared_model_needs_several_processes(write_config, run_tool):
    config = write_config(PLAIN + SHARED.format(sharding='FULL_SHARD'))
    code, _, err = run_tool('train', config)
    assert code == 1 and 'start it with tools/dist_train.sh' in err.splitlines()[-1]
    code, _, err = run_tool('train', config, '--cfg-options', 'strategy.type=DDPStrategy')
    assert code == 1 and "strategy.type='DDPStrategy' needs a GPU" in err.splitlines()[-1]
