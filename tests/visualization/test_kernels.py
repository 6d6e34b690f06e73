"""The figure of kernels shows the parameters themselves, over the offsets they stand for."""

import pytest
import torch

from lkca_mm.errors import ConfigError
from lkca_mm.models import LKCAViT, PlainViT
from lkca_mm.visualization.kernels import draw_kernels, find_kernels


def trunk(layers=3, kind=LKCAViT, **settings):
    torch.manual_seed(0)
    arch = dict(embed_dims=8, num_layers=layers, num_heads=2, mlp_ratio=2)
    return kind(arch=arch, img_size=(12, 20), patch_size=4, kernel_init='conv', **settings)


@pytest.mark.parametrize(('num_kernels', 'most'), [(1, 12), (4, 12), (4, 3)])
def test_parameters_are_drawn(tmp_path, drawn, num_kernels, most):
    backbone = trunk(num_kernels=num_kernels)
    torch.nn.init.zeros_(backbone.layers[2].mixer.kernel)
    draw_kernels(find_kernels(backbone), 'a title', tmp_path / 'kernels.svg', most)
    # A grid of 3 x 5 has offsets up to 2 rows and 4 columns.
    expected = [
        kernel.detach().numpy() for layer in backbone.layers for kernel in layer.mixer.kernel[:most]
    ]
    assert len(drawn) == len(expected) == 3 * min(num_kernels, most)
    for (pixels, settings), kernel in zip(drawn, expected, strict=True):
        assert pixels.shape == (5, 9) and (pixels == kernel).all()
        assert settings['vmax'] == -settings['vmin'] == (abs(kernel).max() or 1)
        # The middle of the first pixel is its offset; rows grow downwards.
        assert settings['extent'] == (-4.5, 4.5, 2.5, -2.5)
    text = (tmp_path / 'kernels.svg').read_text()
    assert all(word in text for word in ('a title', 'layer 0', 'all taps are 0', 'dx, tokens'))
    assert f'scale ±{abs(expected[0]).max():.2g}' in text
    assert ('the first 3 of 4 kernels a layer' in text) == (most < num_kernels)


def test_layers_are_found_by_their_numbers():
    backbone = trunk(4, mixers=['lkca', 'mhsa', 'lkca+mhsa', 'lkca'])
    assert list(find_kernels(backbone)) == ['0', '2', '3']
    ((layer, weights),) = find_kernels(torch.nn.Sequential(backbone), ['2']).items()
    assert layer == '2'
    assert (weights == backbone.layers[2].mixer.lkca.kernel.detach().numpy()).all()
    with pytest.raises(ConfigError, match='no LKCA layer 1; there are 0, 2, 3'):
        find_kernels(backbone, ['0', '1'])
    with pytest.raises(ConfigError, match='PlainViT has no LKCA layer'):
        find_kernels(trunk(kind=PlainViT))
