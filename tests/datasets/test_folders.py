"""The check of data folders sees what mmseg's data sets see."""

import os
import time

import pytest
from mmengine.config import ConfigDict
from mmseg.datasets import CityscapesDataset
from mmseg.registry import DATASETS

import lkca_mm  # noqa: F401
from lkca_mm.datasets.folders import check_segmentation_folders
from lkca_mm.errors import DataError


def make(root, names):
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()


def ade(root, **options):
    prefix = dict(img_path='images/training', seg_map_path='annotations/training')
    return dict(type='ADE20KDataset', data_root=str(root), data_prefix=prefix, **options)


@pytest.fixture
def root(tmp_path):
    folder = tmp_path / 'ADEChallengeData2016'
    make(folder, [f'images/training/{i}.jpg' for i in 'abc'])
    make(folder, [f'annotations/training/{i}.png' for i in 'abc'])
    return folder


def refusal(cfg):
    with pytest.raises(DataError) as error:
        check_segmentation_folders(cfg)
    assert '\n' not in str(error.value)
    return str(error.value)


def test_good_folders_pass(root):
    make(root, ['images/training/notes.txt', 'images/training/.x.jpg', 'images/training/d/e.jpg'])
    make(root, ['annotations/training/d/e.png'])
    check_segmentation_folders(ade(root))
    built = DATASETS.build({**ade(root), 'pipeline': []})
    assert len(built) == 4  # the oracle: mmseg finds as many


@pytest.mark.parametrize('gone', ['images/training', 'annotations/training'])
@pytest.mark.parametrize('emptied', [True, False])
def test_missing_or_empty_folder(root, gone, emptied):
    (root / gone).rename(root / 'elsewhere')
    if emptied:
        (root / gone).mkdir()
    message = refusal(ade(root))
    assert message.startswith(str(root / gone))
    assert ('holds no' if emptied else 'does not exist') in message
    assert ('the images, .jpg' if 'images' in gone and not emptied else 'the ') in message
    assert f'python tools/prepare_data.py ade20k --root {root.parent}' in message


@pytest.mark.parametrize(
    ('kind', 'data_root', 'command'),
    [
        ('ADE20KDataset', 'data/ADEChallengeData2016', 'prepare_data.py ade20k'),
        ('mmseg.ADE20KDataset', 'data/ADEChallengeData2016', 'prepare_data.py ade20k'),
        ('CamVidDataset', 'data/CamVid/', 'prepare_data.py camvid'),
        ('CamVidDataset', 'big/CamVid', 'prepare_data.py camvid --root big'),
        ('ADE20KDataset', 'data/scenes', 'prepare_data.py scenes'),
        ('BaseSegDataset', 'data/mine', None),
    ],
)
def test_says_how_to_get_the_data(tmp_path, monkeypatch, kind, data_root, command):
    monkeypatch.chdir(tmp_path)
    message = refusal(dict(type=kind, data_root=data_root, data_prefix=dict(img_path='images')))
    if command is None:
        assert 'prepare_data' not in message
    else:
        assert message.endswith(f'python tools/{command}')


def test_image_without_mask(root):
    for name in 'bc':
        (root / 'annotations' / 'training' / f'{name}.png').unlink()
    message = refusal(ade(root))
    assert 'images/training/b.jpg has no mask' in message
    assert 'annotations/training/b.png' in message and '(2 such images)' in message


def test_mask_without_image(root):
    (root / 'images' / 'training' / 'a.jpg').unlink()
    message = refusal(ade(root))
    assert 'annotations/training/a.png has no image' in message and '(1 such masks)' in message


def test_suffixes_from_config_and_from_class(root, tmp_path):
    message = refusal(ade(root, img_suffix='.png'))
    assert 'holds no .png files' in message
    city = tmp_path / 'city'
    make(city, ['img/x/1_leftImg8bit.png', 'ann/x/1_gtFine_labelTrainIds.png', 'ann/x/1_c.png'])
    cfg = dict(
        type=CityscapesDataset,
        data_root=str(city),
        data_prefix=dict(img_path='img', seg_map_path='ann'),
    )
    check_segmentation_folders(cfg)
    (city / 'ann' / 'x' / '1_gtFine_labelTrainIds.png').unlink()
    assert '_gtFine_labelTrainIds.png' in refusal(cfg)


def test_absolute_prefix_and_no_root(root):
    prefix = dict(
        img_path=str(root / 'images/training'), seg_map_path=str(root / 'annotations/training')
    )
    check_segmentation_folders(dict(type='ADE20KDataset', data_prefix=prefix))
    check_segmentation_folders(
        dict(type='ADE20KDataset', data_root='elsewhere', data_prefix=prefix)
    )


def test_without_masks_only_images_are_looked_for(root):
    cfg = ade(root)
    del cfg['data_prefix']['seg_map_path']
    (root / 'annotations').rename(root / 'elsewhere')
    check_segmentation_folders(cfg)


def test_split_file(root):
    (root / 'train.txt').write_text('a\nb\n')
    cfg = ade(root, ann_file='train.txt')
    check_segmentation_folders(cfg)  # c is of another split
    (root / 'annotations' / 'training' / 'c.png').unlink()
    check_segmentation_folders(cfg)
    assert len(DATASETS.build({**cfg, 'pipeline': []})) == 2
    (root / 'annotations' / 'training' / 'b.png').unlink()
    assert 'b.jpg has no mask' in refusal(cfg)
    (root / 'train.txt').write_text('a\nz\n')
    assert 'train.txt lists z' in refusal(cfg)
    assert 'none.txt does not exist' in refusal(ade(root, ann_file='none.txt'))


@pytest.mark.parametrize('wrap', [
    lambda cfg: dict(type='RepeatDataset', times=2, dataset=cfg),
    lambda cfg: dict(type='ConcatDataset', datasets=[dict(type='CIFAR10', data_root='x'), cfg]),
    lambda cfg: dict(
        type='RepeatDataset', dataset=dict(type='ConcatDataset', datasets=[cfg, cfg])
    ),
    ConfigDict,
])  # fmt: skip
def test_wrapped(root, wrap):
    check_segmentation_folders(wrap(ade(root)))
    (root / 'images' / 'training' / 'a.jpg').unlink()
    assert 'has no image' in refusal(wrap(ade(root)))


@pytest.mark.parametrize('cfg', [
    dict(type='CIFAR10', data_prefix='data/cifar10'),
    dict(type='ImageNet', data_root='none', data_prefix=dict(img_path_other='x')),
    dict(type='CIFAR10', data_root='none'),
    dict(type='ADE20KDataset', data_root='s3://none', data_prefix=dict(img_path='x')),
    dict(
        type='ADE20KDataset',
        data_root='none',
        data_prefix=dict(img_path='x'),
        backend_args=dict(backend='petrel'),
    ),
])  # fmt: skip
def test_what_is_left_alone(cfg):
    check_segmentation_folders(cfg)


@pytest.mark.skipif(os.name != 'posix', reason='slow file systems')
def test_many_files_are_cheap(tmp_path):
    make(tmp_path, [f'images/training/{i:05d}.jpg' for i in range(1000)])
    make(tmp_path, [f'annotations/training/{i:05d}.png' for i in range(1000)])
    begun = time.process_time()
    check_segmentation_folders(ade(tmp_path))
    assert time.process_time() - begun < 0.2
