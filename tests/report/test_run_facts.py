"""What a record says of a run without running it."""

import math

import numpy as np
import pytest
import torch

from lkca_mm.report.curve import best_of
from lkca_mm.report.facts import learnable_parameters, names_of, plain


@pytest.mark.parametrize(
    ('path', 'dataset', 'model'),
    [
        ('configs/cifar10/lkca-t_100e.py', 'cifar10', 'lkca-t'),
        ('configs/tiny-imagenet/vit-small_100e.py', 'tiny-imagenet', 'vit-small'),
        ('configs/cifar10/lkca-t_nomixup_100e.py', 'cifar10', 'lkca-t_nomixup'),
        ('configs/upernet_lkca-s_ade20k_20k.py', 'ade20k', 'upernet_lkca-s'),
        ('configs/upernet_lkca-tiny_scenes_demo.py', 'scenes', 'upernet_lkca-tiny'),
        ('/somewhere/configs/svhn/lkca-b_5e.py', 'svhn', 'lkca-b'),
        ('mine/net.py', 'mine', 'net'),
        ('configs/net.py', 'configs', 'net'),
        ('mine/100e.py', 'mine', '100e'),
    ],
)
def test_names(path, dataset, model):
    assert names_of(path) == (dataset, model)


def test_plain_is_what_json_can_hold():
    value = {1: (np.float32(0.5), torch.tensor(2)), 'a': math.nan, 'b': math.inf, 'c': torch.Size}
    assert plain(value) == {'1': [0.5, 2], 'a': None, 'b': None, 'c': str(torch.Size)}


def test_frozen_weights_are_not_learnable():
    model = torch.nn.Linear(3, 2)
    model.bias.requires_grad_(False)
    assert learnable_parameters(model) == 6


def test_best_is_the_first_highest():
    curve = [
        {'epoch': 1, 'iteration': 4, 'train_loss': 9.0, 'top1': 50.0, 'val_loss': 3.0},
        {'epoch': 2, 'iteration': 8, 'train_loss': 1.0, 'top1': 70.0, 'val_loss': 4.0},
        {'epoch': 3, 'iteration': 12, 'train_loss': 1.0, 'top1': 70.0, 'val_loss': 4.0},
        {'epoch': 4, 'iteration': 16, 'train_loss': None, 'top1': None, 'val_loss': None},
    ]
    assert best_of(curve) == {'top1': {'value': 70.0, 'epoch': 2, 'iteration': 8}}
