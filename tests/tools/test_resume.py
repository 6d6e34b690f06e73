"""A run that was ended at any moment and resumed is the run that was left alone, bit for bit."""

import os
import random
import re
import signal
import time
from pathlib import Path

import pytest
import torch
from checks import differences, finish, start_tool, state, trained_state

from lkca_mm.engine import InterruptHook

pytestmark = pytest.mark.usefixtures('quick_text')

# All that draws random numbers, and an average beside the weights.
SEGMENTATION = """
model['backbone']['drop_path_rate'] = 0.1
train_pipeline[2:2] = [
    dict(type='RandomResize', scale=(32, 32), ratio_range=(0.75, 1.5), keep_ratio=True),
    dict(type='RandomCrop', crop_size=(32, 32), cat_max_ratio=0.75),
    dict(type='PhotoMetricDistortion'),
]
param_scheduler = [
    dict(type='LinearLR', start_factor=1e-2, by_epoch=False, begin=0, end=3),
    dict(type='PolyLR', eta_min=0.0, power=1.0, by_epoch=False, begin=3, end={end}),
]
train_cfg = dict(max_iters={end}, val_interval={val})
default_hooks['checkpoint'].update(interval={interval}, save_best={best!r})
default_hooks['logger']['interval'] = 5
custom_hooks = [dict(type='IterationSeedHook'), dict(type='InterruptHook'),
                dict(type='EMAHook', momentum=0.1)]
"""
CLASSIFICATION = """
model['backbone']['drop_path_rate'] = 0.1
train_dataloader['num_workers'] = 2
train_dataloader['persistent_workers'] = True
train_cfg.update(max_epochs={epochs})
param_scheduler = [
    dict(type='LinearLR', start_factor=1e-3, by_epoch=True, begin=0, end=1,
         convert_to_iter_based=True),
    dict(type='CosineAnnealingLR', eta_min=1e-6, by_epoch=True, begin=1, end={epochs},
         convert_to_iter_based=True),
]
default_hooks['checkpoint'] = dict(by_epoch=False, interval=3, max_keep_ckpts=2, save_best=None)
custom_hooks = [dict(type='IterationSeedHook'), dict(type='InterruptHook'),
                dict(type='EMAHook', momentum=0.1)]
"""


@pytest.fixture
def write_segmentation(write_config):
    def write(end, val=9, interval=3, best='mIoU'):
        return write_config(SEGMENTATION.format(end=end, val=val, interval=interval, best=best))

    return write


# --- kill -9 ------------------------------------------------------------------------


def kill_at_random(process, work, generator):
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
        time.sleep(generator.uniform(0, 0.1))
    process.kill()
    process.join()
    return process.exitcode == -signal.SIGKILL


@pytest.mark.parametrize('task', ['segmentation', 'classification'])
def test_killed_and_resumed_run_ends_in_the_same_bits(
    write_segmentation, write_classifier, tmp_path, task
):
    """`KILLS=50 python -m pytest tests/tools/test_resume.py` kills fifty times."""
    kills = int(os.environ.get('KILLS', '3'))
    if task == 'segmentation':
        config = write_segmentation(9 * kills)
    else:  # an epoch has 18 iterations
        config = write_classifier(CLASSIFICATION.format(epochs=max(2, kills * 12 // 18)))
    log = tmp_path / 'log'
    command = ['train', config, '--deterministic', '--seed', 1]
    command += ['--cfg-options', 'train_dataloader.num_workers=1'] * (task == 'segmentation')
    finish(start_tool(*command, '--work-dir', tmp_path / 'straight', log=log), log)
    work, generator = tmp_path / 'killed', random.Random(1)
    for left in reversed(range(kills + 1)):
        run = start_tool(*command, '--work-dir', work, '--resume', log=log)
        if left:
            assert kill_at_random(run, work, generator), 'the run was over too soon'
    finish(run, log)
    name = Path((work / 'last_checkpoint').read_text()).name
    found = differences(*(trained_state(folder / name) for folder in (tmp_path / 'straight', work)))
    assert found == []


def test_differences_finds_a_single_bit():
    one = {'a': torch.zeros(3), 'b': [1, {'c': torch.ones(2)}]}
    other = {'a': torch.zeros(3), 'b': [1, {'c': torch.tensor([1, 1 + 2**-23])}]}
    assert differences(one, one) == []
    assert differences(one, other) == ['.b.1.c']


# --- Ctrl-C -------------------------------------------------------------------------


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM], ids=lambda n: n.name)
def test_interrupt_leaves_a_checkpoint_to_go_on_from(write_config, tmp_path, number):
    """Both reach the data workers too, as Ctrl-C in a terminal does and SIGTERM of torchrun."""
    config = write_config('train_cfg = dict(max_iters=100000, val_interval=100000)')
    log = tmp_path / 'log'
    options = ['train_dataloader.num_workers=2', 'randomness.seed=7']
    given = ['--amp', '--cfg-options', *options]
    log.touch()
    separate = [f'--cfg-options={option}' for option in options]
    process = start_tool('train', config, '--amp', *separate, log=log)
    while process.is_alive() and 'Iter(train) [     5/' not in log.read_text():
        time.sleep(0.01)
    os.killpg(process.pid, number)
    output = finish(process, log, 130)
    assert 'Traceback' not in output
    saved = re.search(r'interrupted; saved (\S+); to go on: (.+)', output)
    iteration = int(re.search(r'iter_(\d+).pth', saved[1])[1])
    checkpoint = state(saved[1])
    assert checkpoint['meta']['iter'] == iteration
    steps = {state['step'].item() for state in checkpoint['optimizer']['state'].values()}
    assert steps == {float(iteration)}

    command = saved[2].split()
    assert command[:2] == ['python', 'tools/train.py']
    assert command[-5:] == [*given, '--resume']
    log = tmp_path / 'resumed'
    end = ('--cfg-options', f'train_cfg.max_iters={iteration + 1}')
    output = finish(start_tool('train', *command[2:], *end, log=log), log)
    assert re.findall(r'Iter\(train\) \[\s*(\d+)/', output) == [str(iteration + 1)]


# The config says 0; a resumed run has the order of the data of its own seed.
SEED = ('--seed', 5)


@pytest.fixture(scope='module')
def straight(tmp_path_factory):
    """What training makes of a run that is left alone; made by the first test that asks."""
    return {}


@pytest.mark.parametrize(
    ('interval', 'best', 'saved'),
    [(2, None, 'iter_4.pth'), (3, None, 'interrupted_iter_4.pth'), (3, 'mIoU', 'iter_4.pth')],
    ids=['saved before the validation', 'not saved', 'saved as the best'],
)
def test_ctrl_c_in_a_validation_of_averaged_weights(
    run_tool, write_segmentation, tmp_path, monkeypatch, straight, interval, best, saved
):
    """EMAHook has put the average in place of the weights while it is scored."""
    config = write_segmentation(6, 4, interval, best)
    command = ('train', config, '--deterministic', '--work-dir')
    if not straight:  # neither interval nor best changes what is learned
        code, _, err = run_tool(*command, tmp_path / 'straight', *SEED)
        assert code == 0, err
        straight.update(trained_state(tmp_path / 'straight' / 'iter_6.pth'))
    original = InterruptHook.after_val_iter

    def interrupt(self, runner, *args, **kwargs):
        if self._requested_at is None:
            signal.raise_signal(signal.SIGINT)
        original(self, runner, *args, **kwargs)

    with monkeypatch.context() as patch:
        patch.setattr(InterruptHook, 'after_val_iter', interrupt)
        code, _, err = run_tool(*command, tmp_path / 'work', *SEED)
    assert code == 130
    assert f'saved {tmp_path / "work" / saved}; to go on: ' in err
    code, _, err = run_tool(*command, tmp_path / 'work', '--resume')
    assert code == 0, err
    assert differences(straight, trained_state(tmp_path / 'work' / 'iter_6.pth')) == []
