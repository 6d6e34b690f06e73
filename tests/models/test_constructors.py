"""The backbones without a config: the same models that the configs build."""

from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmengine.registry import MODELS

from lkca_mm import models
from lkca_mm.errors import ConfigError
from lkca_mm.models.constructors import CONSTRUCTORS

CONFIGS = Path(__file__).parents[2] / 'configs'


@pytest.mark.parametrize('name', CONSTRUCTORS)
def test_each_is_one_of_the_package(name):
    build = getattr(models, name)
    assert build is CONSTRUCTORS[name] and name in models.__all__


@pytest.mark.parametrize(
    ('build', 'config', 'settings'),
    [
        ('lkca_vit_small', 'upernet_lkca-s_ade20k_20k.py', {'patch_size': 32}),
        ('plain_vit_small', 'upernet_vit-s_ade20k_20k.py', {'patch_size': 32}),
        ('lkca_vit_small', 'fpn_lkca-s_ade20k_20k.py', {}),
        ('lkca_t', 'cifar10/lkca-t_100e.py', {}),
        ('lkca_b', 'cifar100/lkca-b_100e.py', {}),
        ('lkca_b', 'tiny-imagenet/lkca-b_100e.py', {'img_size': 64, 'patch_size': 8}),
        ('lkca_l', 'cifar10/lkca-l_100e.py', {}),
    ],
)
def test_same_as_from_the_config(build, config, settings):
    settings_of_config = Config.fromfile(CONFIGS / config).model.backbone
    theirs = MODELS.build(settings_of_config).eval()
    if 'out_indices' in settings_of_config:
        settings = {**settings, 'out_indices': settings_of_config.out_indices}
    ours = getattr(models, build)(**settings).eval()
    assert type(ours) is type(theirs)
    for (name, weight), (other, value) in zip(
        ours.state_dict().items(), theirs.state_dict().items(), strict=True
    ):
        assert name == other and weight.shape == value.shape
        assert bool(weight.std() > 0) == bool(value.std() > 0), f'{name} starts otherwise'
    ours.load_state_dict(theirs.state_dict())
    with torch.no_grad():
        image = torch.ones(1, 3, 40, 48)
        for one, other in zip(ours(image), theirs(image), strict=True):
            torch.testing.assert_close(one, other, rtol=0, atol=0)


def test_base_models_have_the_papers_size():
    # Table 6 less the neck and head, which LKCA-B and ViT-B share: their difference.
    with torch.device('meta'):  # no weights are drawn
        counts = [
            sum(weight.numel() for weight in build(patch_size=32).parameters())
            for build in (models.plain_vit_base, models.lkca_vit_base)
        ]
    assert round((counts[0] - counts[1]) / 1e6, 3) == round(143.544 - 115.206, 3)


def test_settings_pass_through():
    backbone = models.lkca_vit_small(
        img_size=(64, 96), patch_size=16, in_channels=1, out_indices=(0, -1), num_kernels=2
    )
    assert backbone.layers[0].mixer.kernel.shape == (2, 7, 11)
    maps = backbone(torch.zeros(2, 1, 64, 96))
    assert [tuple(one.shape) for one in maps] == [(2, 384, 4, 6)] * 2
    with pytest.raises(ConfigError, match='patch_size=128'):
        models.lkca_vit_small(img_size=64, patch_size=128)
    assert models.lkca_t()(torch.zeros(2, 3, 32, 32))[0].shape == (2, 136)
