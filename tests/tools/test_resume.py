"""What a run keeps when it goes on, and what its checkpoints do while they replace each other."""

import errno

import pytest
import torch

from lkca_mm.engine import durable, whole_checkpoint

pytestmark = pytest.mark.usefixtures('quick_text')

SIX = 'train_cfg = dict(max_iters=6, val_interval=100)\n'


def state(path):
    return torch.load(path, map_location='cpu', weights_only=False)


def error_line(code, err):
    assert code == 1
    assert 'Traceback' not in err
    (line,) = [line for line in err.splitlines() if line.startswith('error: ')]
    return line


def test_the_seed_is_that_of_the_run(run_tool, write_config, tmp_path):
    """The config says 0; the order of the data must not be that of 0 after a resume."""
    config = write_config(SIX)
    stop = ('--cfg-options', 'train_cfg.max_iters=4')
    for work, runs in (('straight', [('--seed', 5)]), ('resumed', [('--seed', 5, *stop), ()])):
        for number, arguments in enumerate(runs):
            resume = ('--resume', 'auto') if number else ()
            code, _, err = run_tool(
                'train',
                config,
                '--deterministic',
                *resume,
                *arguments,
                '--work-dir',
                tmp_path / work,
            )
            assert code == 0, err
    straight, resumed = (
        state(tmp_path / work / 'iter_6.pth')['state_dict'] for work in ('straight', 'resumed')
    )
    assert all(torch.equal(straight[name], resumed[name]) for name in straight)
    line = error_line(
        *run_tool('train', config, '--resume', '--seed', 6, '--work-dir', tmp_path / 'resumed')[::2]
    )
    assert '--seed 6' in line and 'began with 5' in line


def test_the_only_checkpoint_outlives_a_failed_save(run_tool, write_config, tmp_path, monkeypatch):
    """mmengine removes the old one first."""
    config = write_config(SIX + "default_hooks['checkpoint']['max_keep_ckpts'] = 1\n")
    original, calls = durable.replace_durably, []

    def replace(part, path):
        calls.append(path)
        if 'iter_4' in str(path):
            raise OSError(errno.ENOSPC, 'No space left on device', str(part))
        original(part, path)

    monkeypatch.setattr(whole_checkpoint, 'replace_durably', replace)
    line = error_line(*run_tool('train', config)[::2])
    assert 'iter_4.pth' in line and 'No space left' in line
    work = tmp_path / 'work'
    assert [path.name for path in work.glob('*.pth')] == ['iter_2.pth']
    assert not list(work.glob('*.part'))
    monkeypatch.undo()
    code, _, err = run_tool('train', config, '--resume')
    assert code == 0, err
    assert [path.name for path in work.glob('*.pth')] == ['iter_6.pth']


def test_what_was_not_removed_before_a_kill_is_removed_later(
    run_tool, write_config, tmp_path, monkeypatch
):
    """Killed between the new checkpoint and the removal of the old one."""
    from lkca_mm.engine import DurableCheckpointHook

    class Killed(Exception):
        pass

    def die(self, name):
        raise Killed

    config = write_config(SIX + "default_hooks['checkpoint']['max_keep_ckpts'] = 1\n")
    monkeypatch.setattr(DurableCheckpointHook, '_remove', die)
    assert run_tool('train', config)[0] == 1
    work = tmp_path / 'work'
    assert sorted(path.name for path in work.glob('*.pth')) == ['iter_2.pth', 'iter_4.pth']
    monkeypatch.undo()
    code, _, err = run_tool('train', config, '--resume')
    assert code == 0, err
    assert [path.name for path in work.glob('*.pth')] == ['iter_6.pth']


def test_the_best_checkpoint_outlives_a_failed_save(run_tool, write_config, tmp_path, monkeypatch):
    text = """
train_cfg = dict(max_iters=4, val_interval=2)
default_hooks['checkpoint'].update(save_best='loss_like', rule='greater')
val_evaluator = [dict(type='TopIoUMetric', top=10)]
"""
    from lkca_mm.evaluation import TopIoUMetric

    original, scores = TopIoUMetric.compute_metrics, iter((1.0, 2.0))

    def compute_metrics(self, results):
        return original(self, results) | {'loss_like': next(scores)}

    monkeypatch.setattr(TopIoUMetric, 'compute_metrics', compute_metrics)
    replace = durable.replace_durably

    def fail(part, path):
        if 'best_loss_like_iter_4' in str(path):
            raise OSError(errno.ENOSPC, 'No space left on device', str(part))
        replace(part, path)

    monkeypatch.setattr(whole_checkpoint, 'replace_durably', fail)
    line = error_line(*run_tool('train', write_config(text))[::2])
    assert 'best_loss_like_iter_4.pth' in line
    best = [path.name for path in (tmp_path / 'work').glob('best_*')]
    assert best == ['best_loss_like_iter_2.pth']


@pytest.mark.parametrize('kind', ['DefaultSampler', 'InfiniteSampler'])
def test_a_deterministic_run_needs_a_sampler_without_an_end(run_tool, write_config, kind):
    config = write_config(
        f"train_dataloader['sampler'] = dict(type='{kind}', shuffle=True)\n"
        'train_cfg = dict(max_iters=1, val_interval=9)\n'
    )
    code, _, err = run_tool('train', config, '--deterministic')
    if kind == 'InfiniteSampler':
        assert code == 0, err
    else:
        assert 'InfiniteSampler' in error_line(code, err)
