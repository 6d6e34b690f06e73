"""CONTRIBUTING.md's steps work as they are written."""

import re
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmseg.registry import DATASETS, MODELS
from PIL import Image

import lkca_mm  # noqa: F401

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / 'CONTRIBUTING.md').read_text(encoding='utf-8')
# `   ` in a list item, nothing elsewhere.
BLOCK = re.compile(r'( *)<!-- test: (\w+) -->\n *```python\n(.*?)\n *```', re.S)


def block(name):
    """The Python under the comment of this name."""
    (found,) = (match for match in BLOCK.finditer(TEXT) if match[2] == name)
    return re.sub(rf'^{found[1]}', '', found[3], flags=re.M) + '\n'


@pytest.fixture
def configs(tmp_path):
    """A copy of the configs, to write others into."""
    ignore = shutil.ignore_patterns('cifar*', 'svhn', 'tiny-imagenet')
    return Path(shutil.copytree(ROOT / 'configs', tmp_path / 'configs', ignore=ignore))


def test_backbone(configs, tmp_path):
    namespace = {}
    exec(block('backbone'), namespace)
    try:
        path = configs / 'upernet_alternating-s_camvid_20k.py'
        path.write_text(block('config'))
        settings = Config.fromfile(path).model.backbone
        backbone = MODELS.build({**settings, 'img_size': 64, 'with_cp': False})
        kinds = [type(layer.mixer).__name__ for layer in backbone.layers]
        assert kinds == ['MHSAMixer', 'LKCAMixer'] * 6
        assert backbone(torch.zeros(1, 3, 64, 64))[0].shape == (1, 384, 2, 2)
    finally:
        from lkca_mm.models import vit

        for registry in ('ENGINE_MODELS', 'SEG_MODELS', 'PRETRAIN_MODELS'):
            getattr(vit, registry)._module_dict.pop('AlternatingViT')


def test_dataset(configs, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = configs / '_base_' / 'datasets' / 'leaves.py'
    path.write_text(block('dataset'))
    for folder in ('train', 'trainannot', 'val', 'valannot'):
        (tmp_path / 'data' / 'leaves' / folder).mkdir(parents=True)
    mask = np.zeros((360, 480), np.uint8)
    mask[100:200] = 1
    mask[0] = 255
    for split in ('train', 'val'):
        for number in range(2):
            name = f'{number}.png'
            folder = tmp_path / 'data' / 'leaves'
            Image.fromarray(mask).save(folder / f'{split}annot' / name)
            Image.fromarray(mask).convert('RGB').save(folder / split / name)
    config = Config.fromfile(path)
    init_default_scope('mmseg')  # as configs/_base_/default_runtime.py has it
    for loader in ('train_dataloader', 'val_dataloader'):
        dataset = DATASETS.build(config[loader].dataset)
        assert len(dataset) == 2 and dataset.metainfo['classes'] == ('background', 'leaf')
        sample = dataset[0]
        labels = sample['data_samples'].gt_sem_seg.data
        assert sorted(set(labels.flatten().tolist())) == [0, 1, 255]
