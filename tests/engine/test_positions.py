"""The place of a run in its data, and what is drawn there."""

import random

import numpy as np
import pytest
import torch
from mmengine.dataset import DefaultSampler, InfiniteSampler

from lkca_mm.engine import MultiPassSampler, PositionedSampler, SeededDataset
from lkca_mm.engine.positions import INDEX_BITS

SAMPLERS = ['DefaultSampler', 'InfiniteSampler', 'MultiPassSampler']


def sampler(kind, size=7, rank=0, world_size=1, numbered=True, monkeypatch=None):
    if monkeypatch:
        for module in ('lkca_mm.engine.positions', 'lkca_mm.engine.multi_pass',
                       'mmengine.dataset.sampler'):  # fmt: skip
            monkeypatch.setattr(f'{module}.get_dist_info', lambda: (rank, world_size))
    settings = {'type': kind, 'shuffle': True}
    return PositionedSampler(range(size), settings, seed=3, numbered=numbered)


def take(drawn, count):
    return [index for _, index in zip(range(count), drawn, strict=False)]


@pytest.mark.parametrize('kind', SAMPLERS)
@pytest.mark.parametrize('numbered', [True, False])
def test_the_first_samples_can_be_left_out_once(kind, numbered):
    whole, rest = sampler(kind, numbered=numbered), sampler(kind, numbered=numbered)
    for drawn in (whole, rest):
        drawn.set_epoch(2)
    expected = take(whole, 7)
    rest.skip(3)
    assert take(rest, 4) == expected[3:]
    if kind != 'InfiniteSampler':
        assert take(rest, 7) == expected  # the next epoch is whole


@pytest.mark.parametrize('kind', SAMPLERS)
def test_unnumbered_indices_are_those_of_the_sampler(kind):
    theirs = {
        'DefaultSampler': DefaultSampler,
        'InfiniteSampler': InfiniteSampler,
        'MultiPassSampler': MultiPassSampler,
    }[kind](range(7), seed=3)
    assert take(sampler(kind, numbered=False), 7) == take(theirs, 7)


@pytest.mark.parametrize('kind', SAMPLERS)
def test_numbers_are_those_of_one_process(kind, monkeypatch):
    """Two processes draw, in turn, what one draws: the same sample under the same number."""
    one = take(sampler(kind, size=8), 8)
    assert [position >> INDEX_BITS for position in one] == list(range(8))
    two = [
        take(sampler(kind, size=8, rank=rank, world_size=2, monkeypatch=monkeypatch), 4)
        for rank in (0, 1)
    ]
    assert [position for pair in zip(*two, strict=True) for position in pair] == one


def test_epochs_do_not_share_numbers():
    drawn = sampler('MultiPassSampler')
    numbers = []
    for epoch in range(3):
        drawn.set_epoch(epoch)
        numbers += [position >> INDEX_BITS for position in drawn]
    assert numbers == list(range(21))


class Noise:
    """Draws from every generator that transforms use."""

    metainfo = {'classes': ('a',)}

    def __len__(self):
        return 5

    def __getitem__(self, index):
        return index, random.random(), np.random.random(), torch.rand(()).item()


def test_a_sample_depends_on_its_number_alone():
    dataset = SeededDataset(Noise(), seed=1)
    first = dataset[9 << INDEX_BITS | 4]
    random.seed(5), np.random.seed(5), torch.manual_seed(5)
    assert dataset[9 << INDEX_BITS | 4] == first
    assert first[0] == 4
    others = [dataset[8 << INDEX_BITS | 4], SeededDataset(Noise(), seed=2)[9 << INDEX_BITS | 4]]
    assert all(other[i] != first[i] for other in others for i in (1, 2, 3))
    assert len(dataset) == 5 and dataset.metainfo == Noise.metainfo
