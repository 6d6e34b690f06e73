"""Which samples a run draws, with which random numbers, also after it was resumed."""

import contextlib
import random
from itertools import islice
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from mmengine.dataset import DefaultSampler, InfiniteSampler
from mmengine.optim import CosineAnnealingLR, LinearLR
from mmengine.registry import DATA_SAMPLERS, DATASETS

from lkca_mm.engine import (
    IterationSeedHook,
    MultiPassSampler,
    MultiPassTrainLoop,
    NumberedSampler,
    SeededDataset,
    seeds,
)

SAMPLERS = [DefaultSampler, InfiniteSampler, MultiPassSampler]


def numbered(kind, size=7, rank=0, world_size=1, monkeypatch=None):
    if monkeypatch:
        for module in ('lkca_mm.engine.seeds', 'lkca_mm.engine.multi_pass',
                       'mmengine.dataset.sampler'):  # fmt: skip
            monkeypatch.setattr(f'{module}.get_dist_info', lambda: (rank, world_size))
    return NumberedSampler(range(size), {'type': kind.__name__, 'shuffle': True}, seed=3)


@pytest.mark.parametrize('kind', SAMPLERS)
def test_indices_are_those_of_the_sampler(kind):
    drawn = list(islice(numbered(kind), 7))
    assert [index for _, index in drawn] == list(islice(kind(range(7), seed=3), 7))
    assert [number for number, _ in drawn] == list(range(7))


@pytest.mark.parametrize('kind', SAMPLERS)
def test_skipped_samples_are_left_out_of_one_epoch(kind):
    whole, rest = numbered(kind), numbered(kind)
    for drawn in (whole, rest):
        drawn.set_epoch(2)
    expected = list(islice(whole, 7))
    rest.skip(3)
    assert list(islice(rest, 4)) == expected[3:]
    if kind is not InfiniteSampler:
        assert list(islice(rest, 7)) == expected  # the next epoch is whole


@pytest.mark.parametrize('kind', SAMPLERS)
def test_two_processes_draw_in_turn_what_one_draws(kind, monkeypatch):
    one = list(islice(numbered(kind, size=8), 8))
    two = [
        list(islice(numbered(kind, 8, rank, world_size=2, monkeypatch=monkeypatch), 4))
        for rank in (0, 1)
    ]
    assert [position for pair in zip(*two, strict=True) for position in pair] == one


def test_processes_draw_equally_many_samples(monkeypatch):
    for rank in (0, 1):
        sampler = numbered(MultiPassSampler, 7, rank, 2, monkeypatch)
        assert len(list(sampler)) == len(sampler) == 4


def test_epochs_do_not_share_numbers():
    drawn, numbers = numbered(MultiPassSampler), []
    drawn.set_passes(2)
    for epoch in range(3):
        drawn.set_epoch(epoch)
        numbers += [number for number, _ in drawn]
    assert numbers == list(range(42))


def draws():
    return random.random(), np.random.random(), torch.rand(()).item()


@DATASETS.register_module()
class NoiseDataset:
    """Draws from every generator that transforms use."""

    metainfo = {'classes': ('a',)}

    def __len__(self):
        return 5

    def __getitem__(self, index):
        return index, *draws()


def test_a_sample_depends_on_its_number_alone():
    dataset = SeededDataset({'type': 'NoiseDataset'}, seed=1)
    first = dataset[9, 4]
    draws()
    assert dataset[9, 4] == first
    assert first[0] == 4
    others = [dataset[8, 4], SeededDataset({'type': 'NoiseDataset'}, seed=2)[9, 4]]
    assert all(other[i] != first[i] for other in others for i in (1, 2, 3))
    assert len(dataset) == 5 and dataset.metainfo == NoiseDataset.metainfo


def test_iterations_and_processes_have_numbers_of_their_own(monkeypatch):
    def drawn(every, rank, iteration):
        torch.manual_seed(0), np.random.seed(0), random.seed(0)
        monkeypatch.setattr(seeds, 'get_rank', lambda: rank)
        hook, runner = IterationSeedHook(every), SimpleNamespace(seed=5, iter=iteration)
        hook.before_train(runner)
        hook.before_train_iter(runner)
        return draws()

    first = drawn(False, 0, 0)
    torch.manual_seed(0), np.random.seed(0), random.seed(0)
    assert first == draws()  # the first process starts as mmengine seeded it
    for every in (False, True):
        found = [drawn(every, rank, iteration) for rank in (0, 1) for iteration in (0, 3, 4)]
        assert len({value for values in found for value in values}) == 18
        assert drawn(every, 1, 3) == found[4]


# --- epochs that go on in their middle ------------------------------------------------


class FakeRunner:
    """What the loop asks of a runner; it stops after a number of iterations."""

    def __init__(self, loop_arguments, world_size=1, hub=None, epoch=0, iteration=0):
        self.hub, self.seen = hub or {}, []
        self.message_hub = SimpleNamespace(get_info=self.hub.get, update_info=self.hub.__setitem__)
        self.visualizer = SimpleNamespace(dataset_meta=None)
        self.val_loop = self.param_schedulers = None
        self.model = SimpleNamespace(train=lambda: None, train_step=self.train_step)
        counts = self.counts = []
        status = SimpleNamespace(initialize_count_status=lambda *given: counts.append(given[1:]))
        self.optim_wrapper = status
        sampler = DATA_SAMPLERS.build(dict(type='MultiPassSampler', dataset=range(12), seed=1))
        sampler.world_size = world_size
        dataloader = torch.utils.data.DataLoader(range(12), batch_size=2, sampler=sampler)
        self.loop = MultiPassTrainLoop(self, dataloader, **loop_arguments)
        self.loop._epoch, self.loop._iter = epoch, iteration

    def call_hook(self, name, **arguments):
        if name == 'before_train_epoch':
            self.loop.dataloader.sampler.set_epoch(self.loop.epoch)

    def train_step(self, batch, optim_wrapper):
        self.seen.append(batch.tolist())

    def run(self, iterations):
        class Killed(Exception):
            pass

        step = self.train_step

        def stop(batch, optim_wrapper):
            if len(self.seen) == iterations:
                raise Killed
            step(batch, optim_wrapper)

        self.model.train_step = stop
        with contextlib.suppress(Killed):
            self.loop.run()
        return self.seen


@pytest.mark.parametrize('kill', [0, 1, 12, 17, 18, 30])
def test_a_resumed_epoch_goes_on_with_the_next_batch(kill):
    arguments = dict(max_epochs=2, passes_per_epoch=3)
    whole = FakeRunner(arguments).run(100)
    assert len(whole) == 36
    first = FakeRunner(arguments)
    begun = first.run(kill)
    rest = FakeRunner(arguments, 1, dict(first.hub), first.loop.epoch, first.loop.iter)
    assert begun + rest.run(100) == whole


def test_another_number_of_processes_goes_on_at_the_same_fraction():
    arguments = dict(max_epochs=1, passes_per_epoch=2)
    first = FakeRunner(arguments, world_size=2)
    assert len(first.run(3)) == 3  # of 6
    rest = FakeRunner(arguments, 1, dict(first.hub), first.loop.epoch, first.loop.iter)
    assert len(rest.run(100)) == 6  # of 12
    # What accumulates gradients must know when the run ends.
    assert rest.counts == [(3, 9)] and rest.loop.max_iters == rest.loop.iter == 9
    assert first.counts == []


@pytest.mark.parametrize('factor', [0.5, 2])
@pytest.mark.parametrize('at', [100, 500, 600])
def test_schedules_end_with_the_run_on_another_number_of_processes(factor, at):
    def schedule():
        optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
        warm_up = LinearLR(optimizer, 0.1, begin=0, end=200, by_epoch=False)
        cosine = CosineAnnealingLR(optimizer, 800, begin=200, end=1000, by_epoch=False)
        return optimizer, [warm_up, cosine]

    def run(optimizer, schedulers, steps):
        for _ in range(steps):
            for part in (optimizer, *schedulers):
                part.step()
            yield optimizer.param_groups[0]['lr']

    whole = list(run(*schedule(), 1000))
    optimizer, schedulers = schedule()
    list(run(optimizer, schedulers, at))
    runner = SimpleNamespace(param_schedulers=schedulers)
    MultiPassTrainLoop._stretch_schedules(SimpleNamespace(runner=runner), factor)
    rest = list(run(optimizer, schedulers, round((1000 - at) * factor)))
    expected = [whole[round(at + (i + 1) / factor) - 1] for i in range(len(rest))]
    assert rest == pytest.approx(expected, abs=0.01)
