"""Bad files are named; good ones load exactly as mmcv and mmseg load them."""

import io

import numpy as np
import pytest
import torch
from mmcv.transforms import LoadImageFromFile
from mmpretrain.registry import TRANSFORMS as MMPRETRAIN_TRANSFORMS
from mmseg.datasets import ADE20KDataset
from mmseg.datasets.transforms import LoadAnnotations
from mmseg.registry import TRANSFORMS
from PIL import Image
from torchvision.transforms import AutoAugment, AutoAugmentPolicy

from lkca_mm.errors import ConfigError, DataError

PIXELS = np.random.default_rng(0).integers(0, 256, (31, 47, 3), np.uint8)


def encoded(pixels, kind, **options):
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, kind, **options)
    return buffer.getvalue()


def load_image(path, **options):
    transform = TRANSFORMS.build(dict(type='LoadCheckedImage', **options))
    return transform({'img_path': str(path)})


IMAGES = {
    'jpeg': encoded(PIXELS, 'JPEG', quality=95),
    'progressive': encoded(PIXELS, 'JPEG', progressive=True),
    'png': encoded(PIXELS, 'PNG'),
    'webp': encoded(PIXELS, 'WEBP', lossless=True),
}


@pytest.mark.parametrize('name', IMAGES)
def test_good_image_loads_as_in_mmcv(tmp_path, name):
    """As with mmcv's default, OpenCV: the decoder is another, the pixels are the same."""
    path = tmp_path / 'image'
    path.write_bytes(IMAGES[name])
    assert TRANSFORMS.get('LoadCheckedImage') is MMPRETRAIN_TRANSFORMS.get('LoadCheckedImage')
    expected = LoadImageFromFile(to_float32=True)({'img_path': str(path)})
    found = load_image(path, to_float32=True)
    assert found.keys() == expected.keys()
    np.testing.assert_array_equal(found['img'], expected['img'], strict=True)
    assert found['ori_shape'] == found['img_shape'] == (31, 47)
    assert found['img'].flags.c_contiguous


@pytest.mark.parametrize('kind', ['PNG', 'TIFF'])
def test_an_image_of_16_bits_is_not_made_white(tmp_path, kind):
    path, ramp = tmp_path / 'image', np.arange(0, 65536, 8, np.uint16).reshape(64, 128)
    path.write_bytes(encoded(ramp, kind))
    with pytest.raises(DataError, match=f'^{path} has values of more than 8 bits; .*cv2'):
        load_image(path)
    expected = LoadImageFromFile()({'img_path': str(path)})['img']
    np.testing.assert_array_equal(load_image(path, imdecode_backend='cv2')['img'], expected)
    found = load_image(path, color_type='unchanged')['img']
    np.testing.assert_array_equal(found.squeeze(), ramp)


@pytest.mark.parametrize('name', ['jpeg', 'progressive', 'png'])
def test_image_that_is_cut_off_is_refused(tmp_path, name):
    path, content = tmp_path / 'image', IMAGES[name]
    for length in range(0, len(content) - 20, 97):
        path.write_bytes(content[:length])
        with pytest.raises(DataError, match=f'^{path} is not a whole image file') as error:
            load_image(path)
        assert '\n' not in str(error.value)


@pytest.mark.parametrize('content', [None, b'', b'<html>404 not found</html>'])
def test_file_that_is_no_image(tmp_path, content):
    path = tmp_path / 'a.jpg'
    if content is not None:
        path.write_bytes(content)
    for load in (load_image, load_mask):
        with pytest.raises(DataError, match=r'a\.jpg (does not exist|is not a whole image)'):
            load(path)
    assert load_image(path, ignore_empty=True) is None


def load_mask(path, num_classes=3, reduce_zero_label=False, label_map=None, **more):
    results = {
        'seg_map_path': str(path),
        'reduce_zero_label': reduce_zero_label,
        'label_map': label_map,
        'seg_fields': [],
        **more,
    }
    return TRANSFORMS.build(dict(type='LoadCheckedMask', num_classes=num_classes))(results)


def save(path, values):
    Image.fromarray(np.asarray(values)).save(path)
    return path


SUBSET = {'sky': 0, 'wall': 1}
ADE_MAP = {i: SUBSET.get(name, 255) for i, name in enumerate(ADE20KDataset.METAINFO['classes'])}


@pytest.mark.parametrize(
    ('values', 'options'),
    [
        ([*range(150), 255], dict(num_classes=150)),
        ([*range(151), 255], dict(num_classes=150, reduce_zero_label=True)),
        ([*range(151), 255], dict(num_classes=2, reduce_zero_label=True, label_map=ADE_MAP)),
        ([*range(12), 255], dict(num_classes=11, label_map={11: 255})),
        ([0, 1, 2, 7, 255], dict(num_classes=3, label_map={0: 2, 2: 0, 7: 1})),
    ],
)
def test_allowed_values_load_as_in_mmseg(tmp_path, values, options):
    path = save(tmp_path / 'm.png', np.array([values, values[::-1]], np.uint8))
    results = {'seg_map_path': str(path), 'reduce_zero_label': False, 'seg_fields': []}
    results |= {key: value for key, value in options.items() if key != 'num_classes'}
    expected = LoadAnnotations()(results)
    found = load_mask(path, **options)
    np.testing.assert_array_equal(found['gt_seg_map'], expected['gt_seg_map'], strict=True)
    assert found['seg_fields'] == ['gt_seg_map']


@pytest.mark.parametrize(
    ('value', 'options'),
    [
        (3, dict()),
        (254, dict()),
        (4, dict(reduce_zero_label=True)),
        (12, dict(num_classes=11, label_map={11: 255})),
        (151, dict(num_classes=2, reduce_zero_label=True, label_map=ADE_MAP)),
    ],
)
def test_value_outside_the_classes(tmp_path, value, options):
    path = save(tmp_path / 'm.png', np.array([[0, 1], [1, value]], np.uint8))
    with pytest.raises(DataError) as error:
        load_mask(path, **options)
    assert str(error.value).startswith(f'{path} holds the value {value}, ')


@pytest.mark.parametrize('policy', ['cifar10', 'svhn', 'imagenet'])
def test_auto_augment_is_that_of_torchvision(policy):
    ours = MMPRETRAIN_TRANSFORMS.build(dict(type='TorchvisionAutoAugment', policy=policy, fill=7))
    theirs, changed = AutoAugment(AutoAugmentPolicy(policy), fill=[7, 7, 7]), 0
    image = Image.fromarray(PIXELS)
    for seed in range(8):
        torch.manual_seed(seed)
        expected = np.asarray(theirs(image))
        torch.manual_seed(seed)
        np.testing.assert_array_equal(ours({'img': image})['img'], expected)
        changed += not np.array_equal(expected, PIXELS)
    assert changed


@pytest.mark.parametrize('own', [False, True])
def test_the_data_set_decides_about_the_value_zero(tmp_path, own):
    load = TRANSFORMS.build(dict(type='LoadCheckedMask', num_classes=3, reduce_zero_label=own))
    path = save(tmp_path / 'm.png', np.array([[0, 1]], np.uint8))
    results = {'seg_map_path': str(path), 'seg_fields': []}
    load({**results, 'reduce_zero_label': own})
    with pytest.raises(ConfigError, match=f'reduce_zero_label={own}, its data set {not own}'):
        load({**results, 'reduce_zero_label': not own})


def test_masks_of_other_kinds(tmp_path):
    image = Image.new('P', (2, 1))
    image.putpalette([9, 9, 9, 200, 0, 0, 0, 200, 0])
    image.putdata([1, 2])
    image.save(tmp_path / 'm.png')
    assert load_mask(tmp_path / 'm.png')['gt_seg_map'].tolist() == [[1, 2]]
    for values in (np.array([[0, 2]], np.uint16), np.array([[False, True]])):
        path = save(tmp_path / 'm.png', values)
        assert load_mask(path)['gt_seg_map'].tolist() == values.astype(int).tolist()
    with pytest.raises(DataError, match='holds the value 258'):
        load_mask(save(tmp_path / 'm.png', np.array([[0, 256 + 2]], np.uint16)))
    with pytest.raises(DataError, match=r'm\.tiff is float32'):
        load_mask(save(tmp_path / 'm.tiff', np.array([[0.0, 1.5]], np.float32)))
    with pytest.raises(DataError, match=r'is uint8 \(4, 5, 3\): expected'):
        load_mask(save(tmp_path / 'm.png', np.zeros((4, 5, 3), np.uint8)))
    (tmp_path / 'cut.png').write_bytes(IMAGES['png'][:300])
    with pytest.raises(DataError, match=r'cut\.png'):
        load_mask(tmp_path / 'cut.png')


def test_mask_of_another_size(tmp_path):
    path = save(tmp_path / 'm.png', np.zeros((4, 6), np.uint8))
    load_mask(path, ori_shape=(4, 6), img_shape=(40, 60))
    with pytest.raises(DataError, match=r'm\.png is of shape \(4, 6\), its image of \(6, 4\)'):
        load_mask(path, ori_shape=(6, 4))
