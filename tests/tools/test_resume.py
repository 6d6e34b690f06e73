"""A run that was ended at any moment and resumed is the run that was left alone, bit for bit."""

import importlib.util
import multiprocessing
import os
import pickle
import random
import signal
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from checks import differences, trained_state
from mmengine.config import Config

from lkca_mm.command import run_tool as run_tool_main
from lkca_mm.engine import InterruptHook

pytestmark = pytest.mark.usefixtures('quick_text')

ROOT = Path(__file__).parents[2]

# All that draws random numbers, and an average beside the weights.
SEGMENTATION = """
model['backbone']['drop_path_rate'] = 0.1
train_pipeline[2:2] = [
    dict(type='RandomResize', scale=(32, 32), ratio_range=(0.75, 1.5), keep_ratio=True),
    dict(type='RandomCrop', crop_size=(32, 32), cat_max_ratio=0.75),
    dict(type='PhotoMetricDistortion'),
]
train_dataloader['num_workers'] = 1
param_scheduler = [
    dict(type='LinearLR', start_factor=1e-2, by_epoch=False, begin=0, end=3),
    dict(type='PolyLR', eta_min=0.0, power=1.0, by_epoch=False, begin=3, end={end}),
]
train_cfg = dict(max_iters={end}, val_interval=12)
default_hooks['checkpoint'].update(interval={interval}, save_best={best!r})
default_hooks['logger']['interval'] = 5
custom_hooks = [dict(type='IterationSeedHook'), dict(type='InterruptHook'),
                dict(type='EMAHook', momentum=0.1)]
"""
CLASSIFICATION = """
_base_ = {base!r}
model = dict(
    backbone=dict(
        drop_path_rate=0.1,
        arch=dict(_delete_=True, embed_dims=16, num_layers=2, num_heads=2, mlp_ratio=1),
        img_size=32, patch_size=8,
    ),
    head=dict(in_channels=16),
)
data = dict(data_root={data!r}, allow_partial=True)
train_dataloader = dict(batch_size=8, num_workers=2, dataset=data)
val_dataloader = dict(batch_size=20, num_workers=0, persistent_workers=False, dataset=data)
test_dataloader = val_dataloader
train_cfg = dict(max_epochs={epochs}, passes_per_epoch=3, val_interval=2)
param_scheduler = [
    dict(type='LinearLR', start_factor=1e-3, by_epoch=True, begin=0, end=1,
         convert_to_iter_based=True),
    dict(type='CosineAnnealingLR', eta_min=1e-6, by_epoch=True, begin=1, end={epochs},
         convert_to_iter_based=True),
]
default_hooks = dict(
    logger=dict(interval=5),
    checkpoint=dict(by_epoch=False, interval=3, max_keep_ckpts=2, save_best=None),
)
custom_hooks = [dict(type='IterationSeedHook'), dict(type='InterruptHook'),
                dict(type='EMAHook', momentum=0.1)]
"""


@pytest.fixture
def write_segmentation(write_config):
    def write(end, interval=3, best='mIoU'):
        return write_config(SEGMENTATION.format(end=end, interval=interval, best=best))

    return write


@pytest.fixture
def write_classification(tmp_path):
    """Returns a function that writes CIFAR-10's config, shrunk: epochs of 18 iterations."""

    def write(end):
        folder = tmp_path / 'cifar' / 'cifar-10-batches-py'
        folder.mkdir(parents=True)
        generator = np.random.default_rng(0)
        for name in (*(f'data_batch_{number}' for number in range(1, 6)), 'test_batch'):
            pixels = generator.integers(0, 256, (10, 3072), np.uint8)
            content = {'data': pixels, 'labels': list(range(10)), 'batch_label': 'x'}
            (folder / name).write_bytes(pickle.dumps(content))
        path = tmp_path / 'classification.py'
        base = str(ROOT / 'configs' / 'cifar10' / 'lkca-t_100e.py')
        data = str(tmp_path / 'cifar')
        path.write_text(CLASSIFICATION.format(base=base, data=data, epochs=end // 18))
        return path

    return write


# --- kill -9 ------------------------------------------------------------------------

# A server that has imported everything and computed nothing: what it forks starts at once,
# without threads of the process that asks for it.
_CONTEXT = multiprocessing.get_context('forkserver')
_CONTEXT.set_forkserver_preload(
    ['lkca_mm', 'mmpretrain.models', 'mmpretrain.datasets', 'mmpretrain.visualization',
     'mmseg.models', 'mmseg.visualization']
)  # fmt: skip


def _train(argv, log):
    os.setsid()
    handle = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(handle, 1)
    os.dup2(handle, 2)
    torch.set_num_threads(1)
    Config.pretty_text = property(lambda config: config.filename)
    spec = importlib.util.spec_from_file_location('train_tool', ROOT / 'tools' / 'train.py')
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    sys.exit(run_tool_main(tool.main, tool.build_parser().parse_args(argv)))


def start(*argv, log):
    process = _CONTEXT.Process(target=_train, args=([str(word) for word in argv], str(log)))
    process.start()
    return process


def kill_at_random(process, work, log, generator):
    """Kills a run after its next checkpoint or in its middle; False if it had ended."""

    def saved():
        pointer = work / 'last_checkpoint'
        return pointer.stat().st_mtime_ns if pointer.exists() else None

    moment, before = generator.choice(['saving', 'training']), saved()
    while process.is_alive() and saved() == before:
        time.sleep(0.002)
    if moment == 'saving':
        while process.is_alive() and not any(work.glob('*.part')):
            pass
    else:
        time.sleep(generator.uniform(0, 0.2))
    process.kill()
    process.join()
    return process.exitcode == -signal.SIGKILL


@pytest.mark.parametrize('task', ['segmentation', 'classification'])
def test_kills_leave_no_trace(request, tmp_path, task):
    """`KILLS=50 python -m pytest tests/tools/test_resume.py` kills fifty times."""
    kills = int(os.environ.get('KILLS', '3'))
    end = 18 * max(2, kills * 12 // 18)
    config = request.getfixturevalue(f'write_{task}')(end)
    log = tmp_path / 'log'
    command = [config, '--deterministic', '--seed', 1, '--work-dir']
    straight = start(*command, tmp_path / 'straight', log=log)
    straight.join(600)
    assert straight.exitcode == 0, log.read_text()[-3000:]
    work, generator = tmp_path / 'killed', random.Random(0)
    for left in reversed(range(kills + 1)):
        run = start(*command, work, '--resume', log=log)
        if left:
            assert kill_at_random(run, work, log, generator), 'the run was over too soon'
    run.join(600)
    assert run.exitcode == 0, log.read_text()[-3000:]
    name = Path((work / 'last_checkpoint').read_text()).name
    found = differences(*(trained_state(folder / name) for folder in (tmp_path / 'straight', work)))
    assert found == []


def test_a_single_bit_is_a_difference():
    one = {'a': torch.zeros(3), 'b': [1, {'c': torch.ones(2)}]}
    other = {'a': torch.zeros(3), 'b': [1, {'c': torch.tensor([1, 1 + 2**-23])}]}
    assert differences(one, one) == []
    assert differences(one, other) == ['.b.1.c']


# --- Ctrl-C -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ('interval', 'best', 'saved'),
    [
        (3, None, 'iter_12.pth'),
        (5, None, 'interrupted_iter_12.pth'),
        (5, 'mIoU', 'iter_12.pth'),
    ],
    ids=['saved before the validation', 'not saved', 'saved as the best'],
)
def test_ctrl_c_in_a_validation_of_averaged_weights(
    run_tool, write_segmentation, tmp_path, monkeypatch, interval, best, saved
):
    """EMAHook has put the average in place of the weights while it is scored."""
    config, command = write_segmentation(15, interval, best), ('--deterministic', '--work-dir')
    # The config says 0; a resumed run has the order of the data of its own seed.
    seed = ('--seed', 5)
    code, _, err = run_tool('train', config, *command, tmp_path / 'straight', *seed)
    assert code == 0, err
    original = InterruptHook.after_val_iter

    def interrupt(self, runner, *args, **kwargs):
        if self._requested_at is None:
            signal.raise_signal(signal.SIGINT)
        original(self, runner, *args, **kwargs)

    monkeypatch.setattr(InterruptHook, 'after_val_iter', interrupt)
    code, _, err = run_tool('train', config, *command, tmp_path / 'work', *seed)
    assert code == 130
    assert f'saved {tmp_path / "work" / saved}; to go on: ' in err
    monkeypatch.undo()
    code, _, err = run_tool('train', config, *command, tmp_path / 'work', '--resume')
    assert code == 0, err
    paths = [tmp_path / folder / 'iter_15.pth' for folder in ('straight', 'work')]
    assert differences(*map(trained_state, paths)) == []
