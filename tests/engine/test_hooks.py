"""Losses that wait on their device, and what Ctrl-C does, without a run."""

import signal
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest
import torch
from mmengine.hooks import LoggerHook, RuntimeInfoHook
from mmengine.logging import MessageHub
from mmengine.runner import Runner
from torch.utils._python_dispatch import TorchDispatchMode

from lkca_mm.engine import (
    DeferredRuntimeInfoHook,
    InterruptHook,
    TrainingInterrupted,
    TrainingRunner,
)
from lkca_mm.errors import TrainingError


class Waits(TorchDispatchMode):
    """Counts how often tensors are turned into numbers: on a GPU the host waits for each."""

    def __init__(self):
        super().__init__()
        self.count = 0

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        self.count += function in (
            torch.ops.aten._local_scalar_dense.default,
            torch.ops.aten._to_copy.default,
        )
        return function(*args, **(kwargs or {}))


def run(hook, losses, name, interval=10):
    """Calls a hook as a Runner does, for losses that need gradients; returns hub and waits."""
    hub = MessageHub(name)
    runner = SimpleNamespace(
        work_dir='', message_hub=hub, iter=0, epoch=0, max_epochs=1, max_iters=100,
        hooks=[LoggerHook(interval)],
        optim_wrapper=SimpleNamespace(get_lr=lambda: {'lr': [0.1]}),
        train_dataloader=torch.utils.data.DataLoader(range(1000)),
    )  # fmt: skip
    weight, waits = torch.ones(1, requires_grad=True), []
    hook.before_train(runner)
    for index, value in enumerate(losses):
        runner.iter = index
        hook.before_train_iter(runner, index)
        outputs = {'loss': (weight * value).sum(), 'accuracy': torch.tensor(float(index))}
        with Waits() as counter:
            hook.after_train_iter(runner, index, outputs=outputs)
        waits.append(counter.count)
    runner.iter = len(losses)
    hook.before_val(runner)
    return hub, waits, runner


def test_losses_are_read_when_the_logger_reads_them():
    losses = torch.linspace(0, 3, 25).tolist()
    theirs, _, _ = run(RuntimeInfoHook(), losses, 'test_hooks_theirs')
    ours, waits, _ = run(DeferredRuntimeInfoHook(), losses, 'test_hooks_ours')
    assert theirs.log_scalars.keys() == ours.log_scalars.keys()
    for name, history in theirs.log_scalars.items():
        for own, other in zip(ours.log_scalars[name].data, history.data, strict=True):
            assert own.tolist() == pytest.approx(other.tolist())
    assert {index for index, count in enumerate(waits) if count} <= {9, 19}


@pytest.mark.parametrize('bad', [float('nan'), float('inf')])
@pytest.mark.parametrize('at', [0, 7, 22])
def test_a_non_finite_loss_ends_training_and_its_iteration_is_named(bad, at):
    losses = [1.0] * 25
    losses[at] = losses[24] = bad
    with pytest.raises(TrainingError, match=rf'not finite at iteration {at + 1};'):
        run(DeferredRuntimeInfoHook(), losses, f'test_hooks_{bad}_{at}')


def test_a_checkpoint_has_every_loss_and_finite_weights_only():
    hook = DeferredRuntimeInfoHook()
    _, _, runner = run(hook, [1.0, 2.0], 'test_hooks_save')
    runner.iter = 2
    hook.after_train_iter(runner, 2, outputs={'loss': torch.tensor(3.0)})
    checkpoint = {'state_dict': {'a': torch.ones(2)}, 'meta': {'iter': 3}, 'message_hub': {}}
    hook.before_save_checkpoint(runner, checkpoint)
    history = checkpoint['message_hub']['log_scalars']['train/loss']
    assert history.data[0].tolist() == [1.0, 2.0, 3.0]
    checkpoint['state_dict']['a'][1] = float('nan')
    with pytest.raises(TrainingError, match='the weight a is not finite after iteration 3'):
        hook.before_save_checkpoint(runner, checkpoint)


@pytest.mark.parametrize('error', [RuntimeError, ConnectionResetError, EOFError])
@pytest.mark.parametrize('training', [True, False])
def test_data_workers_that_ended_first(monkeypatch, tmp_path, training, error):
    """Weights in a validation may be an average, which no checkpoint may hold as the run's."""

    def train(runner):
        hook._requested_at = 1.0
        raise error('a worker is gone')

    before = signal.getsignal(signal.SIGINT)
    hook, runner = InterruptHook(), object.__new__(TrainingRunner)
    saved = SimpleNamespace(get_info=lambda name: str(tmp_path / 'iter_3.pth'))
    model = torch.nn.Linear(1, 1).train(training)
    runner.__dict__ |= dict(_hooks=[hook], model=model, message_hub=saved)
    hook._saved_at = 3
    monkeypatch.setattr(Runner, 'iter', 3)
    monkeypatch.setattr(Runner, 'train', train)
    with pytest.raises(TrainingInterrupted if training else error):
        runner.train()
    assert (signal.getsignal(signal.SIGINT) == before) == (not training)
    hook.after_train(runner)


def test_another_process_waits_for_the_first_to_save(monkeypatch):
    slept, hook = [], InterruptHook()
    hook.before_train(None)
    monkeypatch.setattr('lkca_mm.engine.hooks.is_main_process', lambda: False)
    monkeypatch.setattr('lkca_mm.engine.hooks.time.sleep', slept.append)
    child = signal.getsignal(signal.SIGCHLD)
    runner = SimpleNamespace(model=torch.nn.Linear(1, 1), iter=3)
    hook.after_worker_error(runner)  # of a worker's own error it has nothing to wait for
    assert slept == []
    signal.raise_signal(signal.SIGTERM)
    hook.after_worker_error(runner)
    assert slept == [60]
    hook.after_train(runner)
    signal.signal(signal.SIGCHLD, child)


def test_second_interrupt_ends_at_once_and_handlers_are_restored():
    before = signal.getsignal(signal.SIGINT)
    hook = InterruptHook()
    with pytest.raises(KeyboardInterrupt):  # nothing to save yet
        signal.raise_signal(signal.SIGINT)
    hook.before_train(None)
    signal.raise_signal(signal.SIGINT)
    signal.raise_signal(signal.SIGINT)  # torchrun's echo of the same key
    hook._requested_at -= 10
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)
    hook.after_train(None)
    assert signal.getsignal(signal.SIGINT) is before
    with ThreadPoolExecutor() as pool:  # a thread that is not the main one receives no signals
        pool.submit(InterruptHook).result().after_train(None)
