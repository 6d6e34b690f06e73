"""`tools/benchmark.py model` and `train`, on models and data of next to nothing."""

import json
import pickle
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import pytest
import torch
from drawing_texts import texts_of
from mmengine.runner import EpochBasedTrainLoop, Runner
from packaging.version import Version
from torch.utils._python_dispatch import TorchDispatchMode

from lkca_mm.benchmark.train import PARTS
from lkca_mm.engine import ResultRecordHook
from lkca_mm.engine.run_config import enable_amp, load_config, set_launcher

CONFIGS = Path(__file__).parents[2] / 'configs'


@pytest.fixture
def classifier(tmp_path):
    """LKCA-B's recipe on CIFAR-10 with a tiny model and 60 pictures; the rest as it is."""
    folder = tmp_path / 'data' / 'cifar-10-batches-py'
    folder.mkdir(parents=True)
    pixels = np.random.default_rng(0).integers(0, 256, (12, 3072), np.uint8)
    for name in (*(f'data_batch_{i}' for i in range(1, 6)), 'test_batch'):
        content = {'data': pixels, 'labels': [*range(10), 0, 1]}
        (folder / name).write_bytes(pickle.dumps(content))
    path = tmp_path / 'classifier.py'
    path.write_text(
        f"""
_base_ = {str(CONFIGS / 'cifar10' / 'lkca-b_100e.py')!r}
model = dict(
    backbone=dict(
        arch=dict(_delete_=True, embed_dims=8, num_layers=1, num_heads=1, mlp_ratio=1),
        patch_size=16,
    ),
    head=dict(in_channels=8),
)
train_dataloader = dict(
    batch_size=4, num_workers=0, persistent_workers=False,
    dataset=dict(data_root={str(tmp_path / 'data')!r}, allow_partial=True),
)
"""
    )
    return path


def test_models_side_by_side(run_tool, write_config, classifier, tmp_path):
    path = tmp_path / 'model.json'
    code, out, err = run_tool(
        'benchmark', 'model', write_config(), classifier, '--amp', '--rounds', 2, '--out', path,
        '--plot', tmp_path / 'models.svg',
    )  # fmt: skip
    assert code == 0, err
    drawn = texts_of(tmp_path / 'models.svg')
    assert {'training step', 'inference', 'ms an image'} <= drawn
    assert sum('bf16, eager' in text for text in drawn) == 2
    assert 'peak MiB' in out
    record = json.loads(path.read_text())
    assert record['settings'] == {'rounds': 2, 'batch_size': 2, 'seed': 0}
    kinds = [(Path(r['config']).stem, r['precision'], r['mode']) for r in record['results']]
    assert kinds == [
        (name, kind, 'eager') for name in ('tiny', 'classifier') for kind in ('fp32', 'bf16')
    ]
    for result in record['results']:
        assert result['image_size'] == [32, 32]
        assert result['train_images_per_second'] > 0
        assert result['infer_images_per_second'] > 0
        # Weights, two moments and the gradients at least.
        assert result['train_peak_mib'] * 2**20 > 4 * 4 * result['params']


def test_the_loop_beside_the_bare_step(run_tool, classifier, tmp_path):
    path = tmp_path / 'train.json'
    code, out, err = run_tool(
        'benchmark', 'train', classifier, '--block', 4, '--rounds', 2, '--out', path,
        '--plot', tmp_path / 'loop.svg',
        '--cfg-options', 'train_dataloader.batch_size=6',
    )  # fmt: skip
    assert code == 0, err
    assert 'times the bare step' in out
    assert {'bound: bare step', *PARTS} <= texts_of(tmp_path / 'loop.svg')
    record = json.loads(path.read_text())
    assert record['settings']['train_dataloader.batch_size'] == 6
    (result,) = record['results']
    assert result['batch_size'] == 6
    assert list(result['parts']) == [
        'data', 'preprocess', 'forward', 'backward', 'optimizer', 'hooks', 'rest',
    ]  # fmt: skip
    assert all(result['parts'][name] > 0 for name in list(result['parts'])[:6])
    micro = result['microseconds']
    assert result['times_bare'] == micro['loop'] / micro['bare'] > 0
    assert 0 < result['data_share'] < 1


def test_the_loop_by_iterations(run_tool, write_config):
    """A data set of four pictures in batches of two: the loop goes on past its end."""
    code, _, err = run_tool('benchmark', 'train', write_config(), '--block', 3, '--rounds', 1)
    assert code == 0, err


def test_a_block_has_two_iterations_at_least(run_tool, classifier):
    code, _, err = run_tool('benchmark', 'train', classifier, '--block', 1)
    assert code == 1
    assert err.splitlines()[-1] == 'error: --block 1: a block needs at least 2 iterations'


# --- what the benchmark of the loop found, and what was done about it -----------------


class Waits(TorchDispatchMode):
    """Counts how often a tensor becomes a number: on a GPU the host waits for each."""

    count = 0

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        self.count += function is torch.ops.aten._local_scalar_dense.default
        return function(*args, **(kwargs or {}))


@pytest.mark.parametrize('amp', [False, True])
def test_an_iteration_waits_for_no_number(classifier, tmp_path, monkeypatch, amp):
    """The recipe as it is: mixing, loss, optimizer, schedule and hooks, a record among them."""
    if Version(torch.__version__) < Version('2.4'):
        pytest.skip('the optimizer of PyTorch before 2.4 reads numbers where it is not fused')
    options = {'work_dir': str(tmp_path / 'work'), 'train_cfg.max_epochs': 1}
    options |= {'param_scheduler': [], 'log_level': 'WARNING'}
    config = load_config(str(classifier), options)
    for key in ('val_cfg', 'val_dataloader', 'val_evaluator', 'test_cfg', 'test_dataloader'):
        config.pop(key)
    config.pop('test_evaluator')
    config.default_hooks.checkpoint.save_best = None
    if amp:
        enable_amp(config)
    set_launcher(config, 'none')
    runner = Runner.from_cfg(config)
    runner.register_hook(ResultRecordHook(tmp_path / 'run.json', str(classifier)))
    waits, counted = Waits(), []
    run_iter = EpochBasedTrainLoop.run_iter

    def count(loop, index, batch):
        # The first value of a loss makes its history, the last iteration is logged.
        counts = index not in (0, len(loop.dataloader) - 1)
        counted.append(counts)
        with waits if counts else nullcontext():
            run_iter(loop, index, batch)

    monkeypatch.setattr(EpochBasedTrainLoop, 'run_iter', count)
    runner.train()
    assert sum(counted) == 43
    assert waits.count == 0
    losses = runner.message_hub.log_scalars['train/loss']
    assert len(losses.data[0]) == 45
