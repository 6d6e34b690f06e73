"""A batch made stage by stage is the batch made sample by sample."""

import numpy as np
import pytest
from mmengine.dataset import BaseDataset, pseudo_collate
from torch.utils.data import DataLoader

from lkca_mm.datasets import SVHN, CheckedCIFAR10, CheckedCIFAR100, TinyImageNet
from lkca_mm.datasets.stagewise import StagewiseBatches
from lkca_mm.errors import DataError


class Plain(BaseDataset):
    def load_data_list(self):
        return [{'value': value} for value in range(20)]


class Stagewise(StagewiseBatches, Plain):
    pass


class Logged:
    """Adds to the value, tells of it, and may turn samples into None."""

    def __init__(self, name, log, refuses=()):
        self.name, self.log, self.refuses = name, log, refuses

    def __call__(self, sample):
        self.log.append((self.name, sample['sample_idx']))
        sample['value'] = sample['value'] * 3 + 1
        return None if sample['sample_idx'] in self.refuses else sample


def make(kind=Stagewise, refuses=(), **options):
    log = []
    pipeline = [Logged('first', log), Logged('second', log, refuses), Logged('third', log)]
    return kind(pipeline=pipeline, **options), log


@pytest.mark.parametrize('serialize', [True, False])
def test_equal_to_sample_by_sample(serialize):
    dataset, log = make(serialize_data=serialize)
    indices = [5, 0, 5, 19]
    expected = [dataset[i] for i in indices]
    log.clear()
    assert dataset.__getitems__(indices) == expected
    assert log == [(name, i) for name in ('first', 'second', 'third') for i in indices]
    assert dataset.__getitems__([]) == []
    assert dataset.__getitems__(np.array([3])) == [dataset[3]]


def test_a_loader_uses_it():
    dataset, log = make()
    batches = list(DataLoader(dataset, batch_size=5, collate_fn=pseudo_collate))
    plain = list(DataLoader(make(Plain)[0], batch_size=5, collate_fn=pseudo_collate))
    assert len(batches) == len(plain) == 4
    for found, expected in zip(batches, plain, strict=True):
        assert found['value'] == expected['value'] and found['sample_idx'] == expected['sample_idx']
    assert [name for name, _ in log[:10]] == ['first'] * 5 + ['second'] * 5


def test_initialises_what_was_lazy():
    dataset, _ = make(lazy_init=True)
    assert [sample['sample_idx'] for sample in dataset.__getitems__([2, 1])] == [2, 1]


def test_refused_samples_are_replaced_in_training():
    dataset, log = make(refuses=range(10))
    found = [sample['sample_idx'] for sample in dataset.__getitems__([12, 3, 17, 4])]
    assert (found[0], found[2]) == (12, 17)
    assert all(index in range(10, 20) for index in found)
    assert ('third', 3) not in log  # None is not handed on


def test_as_many_tries_as_mmengine_makes():
    for kind in (Plain, Stagewise):
        dataset, log = make(kind, refuses=range(20), max_refetch=3)
        with pytest.raises(Exception, match='3'):
            dataset.__getitems__([0]) if kind is Stagewise else dataset[0]
        assert len([name for name, _ in log if name == 'first']) == 4
    with pytest.raises(DataError, match='None for sample 0 and for max_refetch=3 others'):
        dataset.__getitems__([0])


def test_refused_samples_are_an_error_in_tests():
    dataset, _ = make(refuses=[3], test_mode=True)
    assert len(dataset.__getitems__([1, 2])) == 2
    with pytest.raises(DataError, match='None for sample 3 of a test set'):
        dataset.__getitems__([2, 3])


@pytest.mark.parametrize('kind', [CheckedCIFAR10, CheckedCIFAR100, SVHN, TinyImageNet])
def test_the_data_sets_have_it(kind):
    assert kind.__getitems__ is StagewiseBatches.__getitems__


def test_real_data_set(make_cifar, tmp_path):
    make_cifar('cifar10', tmp_path / 'cifar-10-batches-py')
    pipeline = [dict(type='Resize', scale=(8, 8)), dict(type='PackInputs')]
    dataset = CheckedCIFAR10(data_root=str(tmp_path), allow_partial=True, pipeline=pipeline)
    indices = [7, 0, 31]
    for index, found in zip(indices, dataset.__getitems__(indices), strict=True):
        assert (found['inputs'] == dataset[index]['inputs']).all()
        assert found['data_samples'].gt_label == dataset[index]['data_samples'].gt_label
