"""Effective receptive fields against what they must be by construction."""

import numpy as np
import pytest
import torch
from torch import nn

from lkca_mm.models import LKCAViT
from lkca_mm.visualization.receptive_field import measure_extent, measure_field

TRUNK = dict(
    arch=dict(embed_dims=8, num_layers=1, num_heads=2, mlp_ratio=2), img_size=20, patch_size=4
)


def images(count=2, side=20, dtype=torch.float32):
    return torch.randn(count, 3, side, side, generator=torch.Generator().manual_seed(3)).to(dtype)


def conv_stack():
    """Three 3 x 3 convolutions of ones: the row 1 3 6 7 6 3 1, its sums of three times three."""
    layers = [nn.Conv2d(3, 1, 3, padding=1, bias=False)]
    layers += [nn.Conv2d(1, 1, 3, padding=1, bias=False) for _ in range(2)]
    for layer in layers:
        nn.init.ones_(layer.weight)
    return nn.Sequential(*layers).double()


def patches(field, size=4):
    """Returns the weight of each patch."""
    cells = len(field) // size
    return field.reshape(cells, size, cells, size).sum(axis=(1, 3))


def test_field_of_a_conv_stack_is_the_product_of_its_rows():
    field = measure_field(conv_stack(), images(side=15, dtype=torch.float64))
    row = np.array([1, 3, 6, 7, 6, 3, 1]) / 27
    expected = np.zeros((15, 15))
    expected[4:11, 4:11] = np.outer(row, row)
    assert np.allclose(field, expected, rtol=1e-12, atol=0)


def test_extents_of_made_up_fields():
    even = measure_extent(np.full((8, 8), 1 / 64), 0.5)
    assert even.side == 6 and even.pixels == 0.5  # 36 of 64; 25 would not do
    point = np.zeros((8, 8))
    point[6, 1] = 2.0
    assert measure_extent(point, 0.9) == (1, 6, 1, 1 / 64, 1 / 64)
    field = np.random.default_rng(0).random((9, 9)) ** 4
    found = measure_extent(field, 0.5)
    sums = {
        side: max(
            field[top : top + side, left : left + side].sum()
            for top in range(10 - side)
            for left in range(10 - side)
        )
        for side in range(1, 10)
    }
    assert found.side == min(side for side, held in sums.items() if held >= 0.5 * field.sum())
    inside = field[found.top : found.top + found.side, found.left : found.left + found.side]
    assert inside.sum() == pytest.approx(sums[found.side])


def test_field_is_the_mean_of_absolute_gradients():
    torch.manual_seed(0)
    network = nn.Sequential(nn.Conv2d(3, 4, 3, 2, 1), nn.ReLU(), nn.Conv2d(4, 1, 3, padding=1))
    network, inputs = network.double(), images(side=9, dtype=torch.float64)
    expected = np.zeros((9, 9))
    for image in inputs:
        jacobian = torch.autograd.functional.jacobian(lambda x: network(x[None])[0, 0, 2, 2], image)
        expected += jacobian.abs().sum(dim=0).numpy()
    found = measure_field(network, inputs, directions=3)
    assert np.allclose(found, expected / expected.sum(), rtol=1e-10)


def test_lkca_sees_its_own_patch_and_those_at_the_offsets_of_its_taps():
    backbone = LKCAViT(**TRUNK).eval()
    field = patches(measure_field(backbone, images()))
    assert field[2, 2] == pytest.approx(1)
    assert np.count_nonzero(field) == 1
    with torch.no_grad():
        # The token one row down and two columns to the left; the middle of 9 x 9 is 4.
        backbone.layers[0].mixer.kernel[0, 4 + 1, 4 - 2] = 0.5
    field = patches(measure_field(backbone, images()))
    assert sorted(zip(*np.nonzero(field), strict=True)) == [(2, 2), (3, 0)]
