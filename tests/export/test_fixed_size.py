"""Constants for one size of pictures, against the operator's reference and PyTorch's pooling."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from lkca_mm.export.constant_mixer import ConstantMixer
from lkca_mm.export.fixed_size import fix_size
from lkca_mm.export.logits import LogitsModel
from lkca_mm.export.pooling import PoolingProduct
from lkca_mm.models import LKCAMixer, VisionTrunk


@pytest.mark.parametrize('prefix', [0, 1])
@pytest.mark.parametrize('num_kernels', [1, 3])
@pytest.mark.parametrize('kernel_size', [(9, 13), (5, 3), (15, 15)])
@pytest.mark.parametrize('gate', ['none', 'silu'])
@torch.no_grad()
def test_constant_mixer(gate, kernel_size, num_kernels, prefix):
    torch.manual_seed(0)
    grid, settings = (5, 7), dict(projections='value_output', gate=gate)
    mixer = LKCAMixer(
        12, kernel_size, num_kernels, kernel_init='trunc_normal', backend='reference', **settings
    )
    mixer = mixer.double().train()  # training: the reference itself, nothing folded
    tokens = torch.randn(2, prefix + 35, 12, dtype=torch.float64)
    constant = ConstantMixer(mixer, grid)
    assert not any('kernel' in name for name, _ in constant.named_parameters())
    torch.testing.assert_close(constant(tokens, grid, prefix), mixer(tokens, grid, prefix))


@pytest.mark.parametrize(
    ('size', 'target'), [((8, 8), (3, 6)), ((7, 5), (6, 2)), ((2, 3), (6, 6)), ((4, 4), (1, 1))]
)
def test_pooling_product(size, target):
    torch.manual_seed(0)
    maps = torch.randn(2, 3, *size, dtype=torch.float64)
    found = PoolingProduct(size, target).double()(maps)
    torch.testing.assert_close(found, F.adaptive_avg_pool2d(maps, target), rtol=1e-6, atol=1e-7)


@torch.no_grad()
def test_only_a_copy_changes(make_segmentor):
    network = make_segmentor()
    model, image = LogitsModel(network, (48, 80), None), torch.randn(1, 3, 48, 80)
    fixed = fix_size(model, image)
    kinds = {type(module) for module in fixed.modules()}
    assert {ConstantMixer, PoolingProduct} <= kinds and LKCAMixer not in kinds
    kinds = {type(module) for module in model.modules()}
    assert LKCAMixer in kinds and not {ConstantMixer, PoolingProduct} & kinds
    trunk = next(module for module in fixed.modules() if isinstance(module, VisionTrunk))
    assert trunk.pos_embed.shape[1:3] == (6, 10)
    assert network.backbone.pos_embed.shape[1:3] == (8, 8)
    expected = network.encode_decode(image, [dict(img_shape=(48, 80))])
    torch.testing.assert_close(fixed(image), expected, rtol=1e-4, atol=1e-5)


def test_pooling_of_several_sizes_stays():
    class Twice(nn.Module):
        def __init__(self):
            super().__init__()
            self.pool = nn.AdaptiveAvgPool2d(3)

        def forward(self, x):
            return self.pool(x) + self.pool(x[..., 1:])

    image = torch.randn(1, 2, 8, 8)
    fixed = fix_size(Twice(), image)
    assert isinstance(fixed.pool, nn.AdaptiveAvgPool2d)
