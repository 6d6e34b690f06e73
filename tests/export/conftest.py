"""Small networks whose every weight counts."""

import pytest
import torch
from mmengine.registry import MODELS, init_default_scope
from random_weights import randomise

import lkca_mm.models  # noqa: F401

ARCH = dict(embed_dims=24, num_layers=3, num_heads=2, mlp_ratio=2)


@pytest.fixture
def make_classifier():
    """Returns a function that builds an mmpretrain classifier of 32 x 32 images."""

    def make(kind='LKCAViT', **settings):
        init_default_scope('mmpretrain')
        torch.manual_seed(0)
        backbone = dict(type=kind, arch=ARCH, img_size=32, patch_size=4, out_type='avg_featmap')
        head = dict(type='LinearClsHead', num_classes=5, in_channels=24)
        model = dict(type='ImageClassifier', backbone={**backbone, **settings}, head=head)
        return randomise(MODELS.build(model)).eval().requires_grad_(False)

    return make


@pytest.fixture
def make_segmentor():
    """Returns a function that builds an mmseg segmentor: UPerNet or FPN."""

    def make(head='UPerHead'):
        init_default_scope('mmseg')
        torch.manual_seed(0)
        common = dict(in_channels=[24] * 4, in_index=[0, 1, 2, 3], channels=16, num_classes=5)
        common |= dict(norm_cfg=dict(type='BN'), align_corners=False)
        backbone = dict(type='LKCAViT', arch={**ARCH, 'num_layers': 4}, img_size=64)
        backbone |= dict(patch_size=8, out_indices=(0, 1, 2, 3))
        if head == 'UPerHead':
            neck = dict(type='MultiLevelNeck', in_channels=[24] * 4, out_channels=24)
            neck['scales'] = [4, 2, 1, 0.5]
            decode = dict(type=head, pool_scales=(1, 2, 3, 6), **common)
        else:
            neck = dict(type='FPN', in_channels=[24] * 4, out_channels=24, num_outs=4)
            decode = dict(type=head, feature_strides=[4, 8, 16, 32], **common)
        model = dict(type='EncoderDecoder', backbone=backbone, neck=neck, decode_head=decode)
        network = MODELS.build({**model, 'test_cfg': dict(mode='whole')})
        return randomise(network).eval().requires_grad_(False)

    return make
