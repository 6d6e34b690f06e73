"""Data of a few small images, and the demo's config shrunk to them."""

import pytest
from checks import ROOT
from miniatures import write_cifar

from lkca_mm.datasets import CheckedCIFAR10
from lkca_mm.datasets.scenes import prepare_scenes


@pytest.fixture(scope='session')
def scenes(tmp_path_factory):
    """A few generated images of 32 x 32, as `tools/prepare_data.py scenes` lays them out."""
    root = tmp_path_factory.mktemp('data')
    prepare_scenes(root, size=32, num_train=4, num_val=2)
    return root / 'scenes'


@pytest.fixture
def write_config(tmp_path, scenes):
    """Returns a function that writes the demo's config, shrunk, and what it is given."""

    def write(text='', name='tiny.py', data_root=scenes):
        path = tmp_path / name
        path.write_text(
            f"""
_base_ = {str(ROOT / 'configs' / 'upernet_lkca-tiny_scenes_demo.py')!r}
model = dict(
    backbone=dict(
        arch=dict(embed_dims=16, num_layers=4, num_heads=2, mlp_ratio=1),
        img_size=32, patch_size=8, out_indices=(0, 1, 2, 3),
    ),
    neck=dict(in_channels=[16] * 4, out_channels=16),
    decode_head=dict(in_channels=[16] * 4, channels=16),
    data_preprocessor=dict(size=(32, 32)),
)
train_pipeline = [
    dict(type='LoadCheckedImage'),
    dict(type='LoadCheckedMask', num_classes=150, reduce_zero_label=True),
    dict(type='RandomFlip', prob=0.5),
    dict(type='PackSegInputs'),
]
loader = dict(num_workers=0, persistent_workers=False)
train_dataloader = dict(
    batch_size=2, dataset=dict(data_root={str(data_root)!r}, pipeline=train_pipeline), **loader
)
val_dataloader = dict(batch_size=1, dataset=dict(data_root={str(data_root)!r}), **loader)
test_dataloader = val_dataloader
train_cfg = dict(max_iters=4, val_interval=2)
default_hooks = dict(
    logger=dict(interval=1), checkpoint=dict(interval=2, max_keep_ckpts=2)
)
work_dir = {str(tmp_path / 'work')!r}
{text}
"""
        )
        return path

    return write


@pytest.fixture
def write_classifier(tmp_path):
    """Returns a function that writes CIFAR-10's config, shrunk, and what it is given.

    Two epochs of three passes over 50 images.
    """
    write_cifar(CheckedCIFAR10, tmp_path / 'cifar', each=1)

    def write(text=''):
        path = tmp_path / 'classifier.py'
        path.write_text(
            f"""
_base_ = {str(ROOT / 'configs' / 'cifar10' / 'lkca-t_100e.py')!r}
arch = dict(_delete_=True, embed_dims=16, num_layers=2, num_heads=2, mlp_ratio=1)
model = dict(backbone=dict(arch=arch, patch_size=8), head=dict(in_channels=16))
loader = dict(
    num_workers=0, persistent_workers=False,
    dataset=dict(data_root={str(tmp_path / 'cifar')!r}, allow_partial=True),
)
train_dataloader = dict(batch_size=8, **loader)
val_dataloader = dict(batch_size=20, **loader)
test_dataloader = val_dataloader
train_cfg = dict(max_epochs=2, val_interval=2)
param_scheduler = []
default_hooks = dict(logger=dict(interval=5), checkpoint=dict(interval=2))
work_dir = {str(tmp_path / 'work')!r}
{text}
"""
        )
        return path

    return write
