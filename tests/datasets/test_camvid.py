"""CamVid's labels, through mmseg's own loading."""

import numpy as np
import pytest
from mmengine.registry import DefaultScope
from mmseg.registry import DATASETS
from PIL import Image

import lkca_mm  # noqa: F401

VALUES = np.arange(12, dtype=np.uint8).reshape(3, 4)
SEGNET = 'sky building pole road pavement tree sign_symbol fence car pedestrian bicyclist'


@pytest.fixture
def root(tmp_path):
    for folder in ('train', 'trainannot'):
        (tmp_path / folder).mkdir()
    Image.fromarray(np.zeros((3, 4, 3), np.uint8)).save(tmp_path / 'train' / 'a.png')
    Image.fromarray(VALUES).save(tmp_path / 'trainannot' / 'a.png')
    return tmp_path


def labels(root, mask_loader, **options):
    cfg = dict(
        type='CamVidDataset',
        data_root=str(root),
        data_prefix=dict(img_path='train', seg_map_path='trainannot'),
        pipeline=[dict(type='LoadImageFromFile'), mask_loader, dict(type='PackSegInputs')],
        **options,
    )
    with DefaultScope.overwrite_default_scope('mmseg'):
        dataset = DATASETS.build(cfg)
    assert len(dataset) == 1
    return dataset, dataset[0]['data_samples'].gt_sem_seg.data[0].numpy()


LOADERS = [dict(type='LoadAnnotations'), dict(type='LoadCheckedMask', num_classes=11)]


@pytest.mark.parametrize('loader', LOADERS, ids=['mmseg', 'checked'])
def test_void_is_ignored(root, loader):
    dataset, found = labels(root, loader)
    assert found.ravel().tolist() == [*range(11), 255]
    names = [name.replace(' ', '_') for name in dataset.metainfo['classes']]
    assert names == SEGNET.split()
    assert len({tuple(colour) for colour in dataset.metainfo['palette']}) == 11


@pytest.mark.parametrize('loader', LOADERS, ids=['mmseg', 'checked'])
def test_subset_of_classes_maps_the_rest_to_ignore(root, loader):
    loader = {**loader, **({'num_classes': 3} if 'num_classes' in loader else {})}
    chosen = ['car', 'sky', 'bicyclist']
    dataset, found = labels(root, loader, metainfo=dict(classes=chosen))
    expected = {0: 1, 8: 0, 10: 2}
    assert found.ravel().tolist() == [expected.get(value, 255) for value in range(12)]
    palette = {'sky': [128, 128, 128], 'car': [64, 0, 128], 'bicyclist': [0, 128, 192]}
    assert list(dataset.metainfo['palette']) == [palette[name] for name in chosen]
