"""Constants for one size of images, against the operator's reference and PyTorch's pooling."""

import copy

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from lkca_mm.export import LogitsModel, fix_size
from lkca_mm.export.fixed_size import ConstantMixer, PoolingProduct
from lkca_mm.models import LKCAMixer, VisionTrunk


@pytest.mark.parametrize('prefix', [0, 1])
@pytest.mark.parametrize('num_kernels', [1, 3])
@pytest.mark.parametrize('kernel_size', [(9, 13), (5, 3), (15, 15)])
@pytest.mark.parametrize('gate', ['none', 'silu'])
@torch.no_grad()
def test_constant_mixer_is_the_reference(gate, kernel_size, num_kernels, prefix):
    torch.manual_seed(0)
    settings = dict(projections='value_output', kernel_init='trunc_normal', gate=gate)
    mixer = LKCAMixer(12, kernel_size, num_kernels, backend='reference', **settings)
    mixer = mixer.double().train()  # training: the reference itself, nothing folded
    tokens = torch.randn(2, prefix + 35, 12, dtype=torch.float64)
    constant = copy.deepcopy(mixer)
    ConstantMixer.convert(constant, (5, 7))
    assert 'kernel' not in constant.state_dict()
    torch.testing.assert_close(constant(tokens, (5, 7), prefix), mixer(tokens, (5, 7), prefix))


@pytest.mark.parametrize(
    ('size', 'target'), [((8, 8), (3, 6)), ((7, 5), (6, None)), ((2, 3), (6, 6)), ((4, 4), 1)]
)
def test_pooling_product_is_adaptive_pooling(size, target):
    torch.manual_seed(0)
    maps, pool = torch.randn(2, 3, *size), nn.AdaptiveAvgPool2d(target)
    PoolingProduct.convert(pool, size)
    assert isinstance(pool, PoolingProduct) == (target != 1)  # 1 divides
    torch.testing.assert_close(pool(maps), F.adaptive_avg_pool2d(maps, target))


@torch.no_grad()
def test_only_a_copy_changes(make_segmentor):
    network = make_segmentor()
    model, image = LogitsModel(network, (48, 80)), torch.randn(1, 3, 48, 80)
    fixed = fix_size(model, image)
    kinds = {type(module) for module in fixed.modules()}
    assert {ConstantMixer, PoolingProduct} <= kinds and LKCAMixer not in kinds
    kinds = {type(module) for module in model.modules()}
    assert LKCAMixer in kinds and not {ConstantMixer, PoolingProduct} & kinds
    trunk = next(module for module in fixed.modules() if isinstance(module, VisionTrunk))
    assert trunk.pos_embed.shape[1:3] == (6, 10)
    assert network.backbone.pos_embed.shape[1:3] == (8, 8)
    torch.testing.assert_close(fixed(image), model(image), rtol=1e-4, atol=1e-5)
