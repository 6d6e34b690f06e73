"""The simple feature pyramid against the same sums written out, in fp64."""

import pytest
import torch
from mmengine.registry import DefaultScope
from mmpretrain.registry import MODELS as PRETRAIN_MODELS
from mmseg.registry import MODELS as SEG_MODELS
from random_weights import randomise

from lkca_mm.errors import ConfigError
from lkca_mm.models import SimpleFeaturePyramid


def norm(x, weight, bias):
    """LayerNorm over the channels of (B, C, H, W)."""
    mean = x.mean(1, keepdim=True)
    variance = (x - mean).square().mean(1, keepdim=True)
    return (x - mean) / (variance + 1e-5).sqrt() * weight[:, None, None] + bias[:, None, None]


def doubled(x, weight, bias):
    """Each pixel becomes four, each of which is a linear map of it."""
    four = torch.einsum('bihw,ioxy->bohxwy', x, weight)
    return four.reshape(*four.shape[:2], 2 * x.shape[2], 2 * x.shape[3]) + bias[:, None, None]


def merged(x, weights, start):
    """1 x 1 convolution, norm, 3 x 3 convolution as nine shifted 1 x 1 ones, norm."""
    y = torch.einsum('bihw,oi->bohw', x, weights[f'{start}.weight'][:, :, 0, 0])
    y = norm(y, weights[f'{start + 1}.weight'], weights[f'{start + 1}.bias'])
    height, width = y.shape[2:]
    padded = torch.zeros(*y.shape[:2], height + 2, width + 2, dtype=y.dtype)
    padded[:, :, 1:-1, 1:-1] = y
    taps = weights[f'{start + 2}.weight']
    y = sum(
        torch.einsum('bihw,oi->bohw', padded[:, :, r : r + height, c : c + width], taps[:, :, r, c])
        for r in range(3)
        for c in range(3)
    )
    return norm(y, weights[f'{start + 3}.weight'], weights[f'{start + 3}.bias'])


def test_levels_are_those_of_vitdet():
    pyramid = randomise(SimpleFeaturePyramid(16, 12, num_outs=5).double())
    x = torch.randn(2, 16, 4, 6, dtype=torch.float64)
    levels = pyramid([torch.randn(1), x])  # the last map alone is read
    four, two, one, half = (dict(level.named_parameters()) for level in pyramid.levels)

    y = norm(doubled(x, four['0.weight'], four['0.bias']), four['1.weight'], four['1.bias'])
    y = y * 0.5 * (1 + torch.erf(y / 2**0.5))
    expected = [merged(doubled(y, four['3.weight'], four['3.bias']), four, 4)]
    expected.append(merged(doubled(x, two['0.weight'], two['0.bias']), two, 1))
    expected.append(merged(x, one, 0))
    expected.append(merged(x.reshape(2, 16, 2, 2, 3, 2).amax((3, 5)), half, 1))
    expected.append(expected[-1][:, :, ::2, ::2])
    assert [tuple(level.shape) for level in levels] == [
        (2, 12, 16, 24), (2, 12, 8, 12), (2, 12, 4, 6), (2, 12, 2, 3), (2, 12, 1, 2),
    ]  # fmt: skip
    for found, right in zip(levels, expected, strict=True):
        torch.testing.assert_close(found, right, rtol=1e-9, atol=1e-9)


def test_strides_for_retinanet():
    levels = SimpleFeaturePyramid(16, 8, scales=(2, 1, 0.5), num_outs=5)([torch.randn(1, 16, 8, 8)])
    assert [level.shape[-1] for level in levels] == [16, 8, 4, 2, 1]


@pytest.mark.parametrize('registry', [SEG_MODELS, PRETRAIN_MODELS], ids=['mmseg', 'mmpretrain'])
def test_it_is_found_by_its_bare_name(registry):
    with DefaultScope.overwrite_default_scope(registry.scope):
        found = registry.build(dict(type='SimpleFeaturePyramid', in_channels=16))
    assert type(found) is SimpleFeaturePyramid


@pytest.mark.parametrize(
    'settings, message',
    [
        (dict(in_channels=16, scales=(3,)), 'scales='),
        (dict(in_channels=16, scales=()), 'scales='),
        (dict(in_channels=18), 'in_channels=18 must be a multiple of 4'),
        (dict(in_channels=16, num_outs=3), 'num_outs=3'),
    ],
)
def test_impossible_settings_are_named(settings, message):
    with pytest.raises(ConfigError, match=message):
        SimpleFeaturePyramid(**settings)
