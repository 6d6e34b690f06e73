"""A folder like a newcomer's checkout, in which everything that a document names is small.

Its configs have the names of ours and build on them; only sizes and schedules are changed.
"""

import shutil

import torch
from document_commands import ROOT
from mmengine.config import Config
from mmengine.registry import DefaultScope
from PIL import Image

from lkca_mm.config import build_network
from lkca_mm.datasets.scenes import prepare_scenes
from lkca_mm.reproduce.stand_ins import prepare_stand_in, stand_in_settings

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
_SMALL_CLASSIFIER = """
model = dict(
    backbone=dict(
        arch=dict(_delete_=True, embed_dims=16, num_layers=1, num_heads=2, mlp_ratio=1)
    ),
    head=dict(in_channels=16),
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


def _classification(name, dataset, data):
    """Returns what makes a classification config short, on generated pictures."""
    settings = stand_in_settings(dataset, data)
    if name.startswith('mae_'):  # is not scored
        del settings['val_dataloader']
        settings['train_dataloader'] |= {'num_workers': 0, 'persistent_workers': False}
        text = 'train_cfg = dict(max_epochs=1)\n'
    else:
        text = 'train_cfg = dict(max_epochs=1, passes_per_epoch=1)\n' + _NO_WORKERS
    if '_100e' in name:
        text += _SMALL_CLASSIFIER
    return ''.join(f'{key} = {value!r}\n' for key, value in settings.items()) + text


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
    for path in (ROOT / 'results' / 'cifar10').glob('*_5e_seed0.*'):
        shutil.copy(path, folder / 'results' / 'cifar10')
    _write_data(data)
    (folder / 'photos').mkdir()
    shutil.copy(data / 'scenes/images/validation/scene_00000.png', folder / 'photos' / 'a.png')
    shutil.copy(folder / 'photos' / 'a.png', folder / 'PICTURE')
    configs = folder / 'configs'
    shutil.copytree(ROOT / 'configs' / '_base_', configs / '_base_')
    for dataset in ('cifar10', 'cifar100'):
        prepare_stand_in(dataset, data)


def _write_data(data):
    """Writes generated pictures where and as ADE20K has its own."""
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
        text = _classification(target.name, dataset, folder / 'data')
    else:
        text = _segmentation(target.name)
    target.write_text(f'_base_ = {str(ROOT / name)!r}\n{text}')


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
