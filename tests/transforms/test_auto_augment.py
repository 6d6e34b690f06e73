"""TorchvisionAutoAugment draws and does what torchvision's AutoAugment does."""

import numpy as np
import pytest
import torch
from mmpretrain.registry import TRANSFORMS
from PIL import Image
from torchvision.transforms import AutoAugment, AutoAugmentPolicy, InterpolationMode

from lkca_mm.errors import ConfigError
from lkca_mm.transforms import TorchvisionAutoAugment


def picture(size, seed):
    pixels = np.random.default_rng(seed).integers(0, 256, (*size, 3), np.uint8)
    return Image.fromarray(pixels)


@pytest.mark.parametrize('policy', ['cifar10', 'svhn', 'imagenet'])
def test_same_draws_same_pictures(policy):
    """One instance for several sizes: its magnitudes belong to the size."""
    ours = TRANSFORMS.build(dict(type='TorchvisionAutoAugment', policy=policy, fill=128))
    theirs = AutoAugment(AutoAugmentPolicy(policy), InterpolationMode.NEAREST, [128] * 3)
    changed = 0
    for seed in range(60):
        image = picture([(32, 32), (64, 48)][seed % 2], seed)
        torch.manual_seed(seed)
        expected = np.asarray(theirs(image))
        torch.manual_seed(seed)
        found = np.asarray(ours(dict(img=image))['img'])
        np.testing.assert_array_equal(found, expected)
        changed += not np.array_equal(expected, np.asarray(image))
    assert changed > 30


def test_empty_corners_are_grey():
    """A white picture that is sheared, rotated or shifted shows the fill, and only it."""
    ours = TorchvisionAutoAugment(policy='svhn', fill=[1, 2, 3])
    seen = set()
    for seed in range(40):
        torch.manual_seed(seed)
        image = ours(dict(img=Image.new('RGB', (32, 32), (200, 200, 200))))['img']
        seen |= {tuple(pixel) for pixel in np.asarray(image).reshape(-1, 3).tolist()}
    assert (1, 2, 3) in seen


@pytest.mark.parametrize(
    ('settings', 'message'),
    [
        (dict(policy='cifar100'), "policy='cifar100' must be one of"),
        (dict(policy='svhn', interpolation='cubic'), "interpolation='cubic' must be"),
    ],
    ids=['policy', 'interpolation'],
)
def test_wrong_settings_are_named(settings, message):
    with pytest.raises(ConfigError, match=message):
        TorchvisionAutoAugment(**settings)
