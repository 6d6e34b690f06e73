"""A folder like a newcomer's checkout, in which everything that a document names is small.

Its configs have the names of ours and build on them; only sizes and schedules are changed.
"""

import shutil

import numpy as np
import torch
from document_commands import ROOT
from mmengine.config import Config
from mmengine.registry import DefaultScope
from PIL import Image

from lkca_mm.config import build_network, load_config
from lkca_mm.datasets.scenes import prepare_scenes

_SIDE = 64
_NO_WORKERS = """
for loader in (train_dataloader, val_dataloader):
    loader.update(num_workers=0, persistent_workers=False)
test_dataloader = val_dataloader
del loader
"""
_SMALL_VIT = f"""
model = dict(
    data_preprocessor=dict(size=({_SIDE}, {_SIDE})),
    backbone=dict(
        arch=dict(_delete_=True, embed_dims=16, num_layers=12, num_heads=2, mlp_ratio=1),
        img_size={_SIDE}, patch_size=8,
    ),
    neck=dict(in_channels=[16] * 4, out_channels=16),
    decode_head=dict(in_channels=[16] * 4, channels=16),
    auxiliary_head=dict(in_channels=16, channels=16),
)
"""
_SMALL_PICTURES = f'model = dict(data_preprocessor=dict(size=({_SIDE}, {_SIDE})))\n'
_SHORT = (
    """
_load = [
    dict(type='LoadCheckedImage'),
    dict(type='LoadCheckedMask', num_classes=150, reduce_zero_label=True),
    dict(type='Resize', scale=(SIDE, SIDE)),
    dict(type='PackSegInputs'),
]
train_dataloader = dict(batch_size=2, dataset=dict(pipeline=_load))
val_dataloader = dict(dataset=dict(pipeline=_load))
train_cfg = dict(max_iters=1, val_interval=1)
default_hooks = dict(checkpoint=dict(interval=1))
""".replace('SIDE', str(_SIDE))
    + _NO_WORKERS
)


def _segmentation(name):
    """Returns what makes a segmentation config small."""
    text = _SMALL_VIT if '_lkca-' in name or '_vit-' in name else _SMALL_PICTURES
    if 'scenes' in name:  # is small already
        text = ''
    if 'camvid' in name:  # is shown larger pictures, and not trained
        return text.replace('patch_size=8', 'patch_size=32')
    return text + _SHORT


def _write_classification(name, target, data):
    """Writes a classification config that trains for one epoch, on images of noise."""
    config = load_config(ROOT / name)
    for split in ('train', 'val'):
        if loader := config.get(f'{split}_dataloader'):
            pipeline = [dict(type='LoadImageFromFile'), *loader.dataset.pipeline]
            loader.dataset = dict(
                type='CustomDataset', data_root=str(data / 'noise'), pipeline=pipeline
            )
            loader.update(batch_size=8, num_workers=0, persistent_workers=False)
    config.test_dataloader = config.val_dataloader
    config.train_cfg.update(max_epochs=1, passes_per_epoch=1)
    if '_100e' in name:
        config.model.backbone.arch = dict(embed_dims=16, num_layers=1, num_heads=2, mlp_ratio=1)
        config.model.head.in_channels = 16
    settings = config.to_dict().items()
    target.write_text(''.join(f'{key} = {value!r}\n' for key, value in settings))


def make_world(folder):
    """Lays out the folder.

    Args:
        folder: An empty folder.
    """
    data = folder / 'data'
    for name in ('checkpoints', 'tests', 'tools', 'requirements', 'Makefile', 'setup.py'):
        (folder / name).symlink_to(ROOT / name)
    (folder / 'docs' / 'pictures').mkdir(parents=True)
    (folder / 'results' / 'cifar10').mkdir(parents=True)
    shutil.copy(ROOT / 'results' / 'tables.json', folder / 'results')
    for path in (ROOT / 'results' / 'cifar10').glob('*_5e_seed0.*'):
        shutil.copy(path, folder / 'results' / 'cifar10')
    _write_data(data)
    (folder / 'photos').mkdir()
    shutil.copy(data / 'scenes/images/validation/scene_00000.png', folder / 'photos' / 'a.png')
    shutil.copy(folder / 'photos' / 'a.png', folder / 'PICTURE')
    configs = folder / 'configs'
    shutil.copytree(ROOT / 'configs' / '_base_', configs / '_base_')


def _write_data(data):
    """Writes generated pictures where and as ADE20K has its own."""
    generator = np.random.default_rng(0)
    for number in range(16):
        (data / 'noise' / str(number % 8)).mkdir(parents=True, exist_ok=True)
        image = Image.fromarray(generator.integers(0, 256, (32, 32, 3), np.uint8))
        image.save(data / 'noise' / str(number % 8) / f'{number}.png')
    prepare_scenes(data, size=_SIDE, num_train=2, num_val=3)
    ade = data / 'ADEChallengeData2016'
    for split, short in (('training', 'train'), ('validation', 'val')):
        for folder, suffix in (('images', '.jpg'), ('annotations', '.png')):
            target = ade / folder / split
            target.mkdir(parents=True)
            for number, path in enumerate(sorted((data / 'scenes' / folder / split).iterdir())):
                Image.open(path).save(target / f'ADE_{short}_{number + 1:08}{suffix}')


def add_config(folder, name):
    """Writes the small config of a name, with those that it builds on.

    Args:
        folder: The world.
        name: The config, ``configs/...``.
    """
    target = folder / name
    if target.exists() or not (ROOT / name).is_file():
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    dataset = target.parent.name
    if dataset == 'examples':
        dataset = next((one for one in ('cifar100', 'cifar10') if one in target.name), '')
    if dataset in ('cifar10', 'cifar100'):
        _write_classification(name, target, folder / 'data')
    else:
        target.write_text(f'_base_ = {str(ROOT / name)!r}\n{_segmentation(target.name)}')


def add_checkpoint(folder, config, name):
    """Writes weights as training a config would leave them.

    Args:
        folder: The world.
        config: The config, ``configs/...``.
        name: The checkpoint.
    """
    path = folder / name
    if path.exists():
        return
    settings = Config.fromfile(str(folder / config))
    before = dict(DefaultScope._instance_dict)
    try:
        network = build_network(settings)
    finally:
        DefaultScope._instance_dict.clear()
        DefaultScope._instance_dict.update(before)
    path.parent.mkdir(parents=True, exist_ok=True)
    torch.save({'state_dict': network.state_dict(), 'meta': {}}, path)
