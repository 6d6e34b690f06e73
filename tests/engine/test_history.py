"""Histories of logged values, and the hook that fills them without waiting for the device."""

import copy
import pickle
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from mmengine.logging import HistoryBuffer, MessageHub
from torch.utils._python_dispatch import TorchDispatchMode

from lkca_mm.engine import DeferredRuntimeInfoHook, RunHistory, StopOnBadLossHook


def histories(values, max_length=1_000_000):
    """The same values in mmengine's class and in ours, every third as a tensor."""
    theirs, ours = HistoryBuffer(max_length=max_length), RunHistory(max_length=max_length)
    for index, value in enumerate(values):
        theirs.update(value)
        if index % 3:
            ours.update(value)
        else:
            ours.update_later(torch.tensor(value, dtype=torch.float64))
    return theirs, ours


@pytest.mark.parametrize('max_length', [1_000_000, 50])
def test_it_reads_as_mmengines_does(max_length):
    theirs, ours = histories(np.random.default_rng(0).normal(size=200).tolist(), max_length)
    for window in (1, 7, None):
        for name in ('mean', 'min', 'max'):
            assert ours.statistics(name, window) == theirs.statistics(name, window)
    assert ours.current() == theirs.current()
    for own, other in zip(ours.data, theirs.data, strict=True):
        np.testing.assert_array_equal(own, other)


def test_it_is_saved_as_mmengines():
    _, ours = histories([1.0, 2.0, 4.0])
    for loaded in (copy.deepcopy(ours), pickle.loads(pickle.dumps(ours))):
        assert type(loaded) is HistoryBuffer
        assert loaded.data[0].tolist() == [1.0, 2.0, 4.0]


def test_an_empty_one_has_no_current_value():
    with pytest.raises(ValueError, match='empty'):
        RunHistory().current()


class Waits(TorchDispatchMode):
    """Counts how often a tensor is turned into a number: on a GPU the host waits for each."""

    def __init__(self):
        super().__init__()
        self.count = 0

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        self.count += function is torch.ops.aten._local_scalar_dense.default
        return function(*args, **(kwargs or {}))


def test_it_knows_how_long_ago_a_value_was_not_finite():
    history = RunHistory([1.0, float('nan')], [1, 1])
    assert history.since_bad() is None  # a resumed history may have had one long ago
    for value in (2.0, float('inf'), float('nan'), 3.0):
        history.update_later(torch.tensor(value))
    assert history.since_bad() is None  # nobody has asked for a number yet
    assert history.current() == 3
    assert history.since_bad() == 2
    history.update(4.0)
    assert history.since_bad() == 3


def test_the_hook_waits_only_when_asked():
    hub = MessageHub('test_history')
    wrapper = SimpleNamespace(get_lr=lambda: {'lr': [0.1]})
    runner = SimpleNamespace(message_hub=hub, iter=0, optim_wrapper=wrapper)
    hook, guard = DeferredRuntimeInfoHook(), StopOnBadLossHook()
    weight = torch.ones(1, requires_grad=True)
    with Waits() as waits:
        for value in range(20):
            hook.before_train_iter(runner, value)
            hook.after_train_iter(runner, value, outputs={'loss': (weight * value).sum()})
            guard.after_train_iter(runner, value)
            if value == 0:
                waits.count = 0  # the first value makes the history
    assert waits.count == 0
    history = hub.log_scalars['train/loss']
    assert history.mean(4) == 17.5
    assert history.data[0].tolist() == list(range(20))
    saved = hub.state_dict()['log_scalars']
    assert all(type(value) is HistoryBuffer for value in saved.values())
