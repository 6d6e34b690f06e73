"""vit-pytorch's models behind mmpretrain's classifier: the same numbers, and clear errors."""

import sys
from importlib import import_module

import pytest
import torch
from mmengine.registry import DefaultScope, init_default_scope
from mmpretrain.registry import MODELS

from lkca_mm.errors import ConfigError, InstallationError
from lkca_mm.models import VitPytorchBackbone

pytest.importorskip('vit_pytorch')
STAGES = {
    f's{i}_{key}': value
    for i in range(1, 5)
    for key, value in dict(emb_dim=8, patch_size=2, local_patch_size=2, global_k=2, depth=1).items()
}
# Module of vit-pytorch, whether the model is told the size of its images, settings.
SMALL = {
    'CaiT': ('cait', True, dict(patch_size=8, dim=16, depth=1, cls_depth=1, heads=2, mlp_dim=16)),
    'CrossViT': ('cross_vit', True, dict(sm_dim=16, lg_dim=24, sm_patch_size=8, lg_patch_size=16)),
    'CvT': ('cvt', False, dict(s1_emb_dim=8, s2_emb_dim=16, s3_emb_dim=24, s3_depth=1)),
    'DeepViT': ('deepvit', True, dict(patch_size=8, dim=16, depth=1, heads=2, mlp_dim=16)),
    'MobileViT': (
        'mobile_vit',
        True,
        dict(dims=(8, 8, 8), channels=(4, 4, 8, 8, 8, 8, 8, 8, 8, 8, 16), patch_size=(1, 1)),
    ),
    'RegionViT': ('regionvit', False, dict(dim=(8, 8, 16, 16), depth=(1,) * 4, window_size=4)),
    'RvT': ('rvt', True, dict(patch_size=8, dim=16, depth=1, heads=2, mlp_dim=16)),
    'T2TViT': (
        't2t',
        True,
        dict(dim=16, depth=1, heads=2, mlp_dim=16, t2t_layers=((5, 4), (3, 2))),
    ),
    'TwinsSVT': ('twins_svt', False, STAGES),
    'XCiT': ('xcit', True, dict(patch_size=8, dim=16, depth=1, cls_depth=1, heads=2, mlp_dim=16)),
}


def as_lists(value):
    return [as_lists(item) for item in value] if isinstance(value, tuple) else value


@pytest.mark.parametrize('name', SMALL)
def test_logits_are_vit_pytorchs(name):
    """With the same weights, settings given as lists as a command line gives them."""
    module, sized, settings = SMALL[name]
    size = {'image_size': (32, 32) if name == 'MobileViT' else 32} if sized else {}
    bare = getattr(import_module(f'vit_pytorch.{module}'), name)(num_classes=5, **size, **settings)
    init_default_scope('mmpretrain')
    ours = MODELS.build(
        dict(
            type='ImageClassifier',
            backbone=dict(
                type='VitPytorchBackbone',
                model_name=name,
                img_size=32,
                num_classes=5,
                **{key: as_lists(value) for key, value in settings.items()},
            ),
            head=dict(type='ClsHead'),
        )
    )
    DefaultScope._instance_dict.clear()
    ours.init_weights()
    bare.load_state_dict(ours.backbone.model.state_dict())
    bare.eval()
    ours.eval()
    images = torch.randn(3, 3, 32, 32)
    expected = bare(images)
    assert expected.shape == (3, 5)
    torch.testing.assert_close(ours(images), expected, rtol=0, atol=0)
    with torch.no_grad():
        samples = ours(images, mode='predict')
    for sample, logits in zip(samples, expected.detach(), strict=True):
        torch.testing.assert_close(sample.pred_score, logits.softmax(0))
        assert sample.pred_label.item() == logits.argmax().item()


@pytest.mark.parametrize(
    ('name', 'changes', 'words'),
    [
        ('ViT', {}, ["model_name='ViT' is unknown", 'CaiT, CrossViT, CvT', 'XCiT']),
        ('CaiT', dict(dims=16), ['CaiT: ', "unexpected keyword argument 'dims'"]),
        ('CaiT', dict(depth=None), ['CaiT: ', 'missing 1 required', "'depth'"]),
        ('CaiT', dict(patch_size=5), ['CaiT: ', 'divisible by the patch']),
        ('MobileViT', dict(dims=(8, 8)), ['MobileViT: ', 'tuple of 3']),
    ],
    ids=lambda value: ','.join(value) if isinstance(value, dict) else '',
)
def test_wrong_settings_are_named(name, changes, words):
    settings = {**SMALL.get(name, ('', True, {}))[2], **changes}
    settings = {key: value for key, value in settings.items() if value is not None}
    with pytest.raises(ConfigError) as caught:
        VitPytorchBackbone(name, img_size=32, num_classes=5, **settings)
    assert '\n' not in str(caught.value)
    assert all(word in str(caught.value) for word in words), caught.value


def test_missing_package_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, 'vit_pytorch.cait', None)
    with pytest.raises(InstallationError) as caught:
        VitPytorchBackbone('CaiT', img_size=32, num_classes=5, **SMALL['CaiT'][2])
    assert '\n' not in str(caught.value)
    assert 'needs the package vit-pytorch' in str(caught.value)
    assert "pip install 'vit-pytorch>=" in str(caught.value)
