"""Bad files are named; good ones load exactly as mmseg loads them."""

import io
import pickle

import numpy as np
import pytest
from mmcv.transforms import LoadImageFromFile
from mmpretrain.registry import TRANSFORMS as MMPRETRAIN_TRANSFORMS
from mmseg.datasets import ADE20KDataset
from mmseg.datasets.transforms import LoadAnnotations
from mmseg.registry import TRANSFORMS
from PIL import Image

import lkca_mm  # noqa: F401
from lkca_mm.errors import ConfigError, DataError
from lkca_mm.transforms import LoadCheckedImage

GENERATOR = np.random.default_rng(0)
PICTURE = GENERATOR.integers(0, 256, (31, 47, 3), np.uint8)


def encoded(pixels, kind, **options):
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, kind, **options)
    return buffer.getvalue()


def load_image(path, **options):
    transform = TRANSFORMS.build(dict(type='LoadCheckedImage', **options))
    return transform({'img_path': str(path)})


def with_preview(content):
    """Puts a whole small JPEG, with its own end marker, into the header of another."""
    preview = b'JFXX\0\x10' + encoded(PICTURE[:8, :8], 'JPEG')
    segment = b'\xff\xe0' + (len(preview) + 2).to_bytes(2, 'big') + preview
    return content[:2] + segment + content[2:]


IMAGES = {
    'jpeg': encoded(PICTURE, 'JPEG', quality=95),
    'progressive': encoded(PICTURE, 'JPEG', progressive=True),
    'restarts': encoded(PICTURE, 'JPEG', restart_marker_rows=1),
    'grey_jpeg': encoded(PICTURE[..., 0], 'JPEG'),
    'preview': with_preview(encoded(PICTURE, 'JPEG')),
    'trailer': encoded(PICTURE, 'JPEG') + b'\0',
    'png': encoded(PICTURE, 'PNG'),
    'bmp': encoded(PICTURE, 'BMP'),
    'webp': encoded(PICTURE, 'WEBP'),
    'tiff': encoded(PICTURE, 'TIFF', compression='tiff_lzw'),
}


def test_known_to_mmseg_and_to_mmpretrain():
    found = {registry.get('LoadCheckedImage') for registry in (TRANSFORMS, MMPRETRAIN_TRANSFORMS)}
    assert found == {LoadCheckedImage}


@pytest.mark.parametrize('name', IMAGES)
@pytest.mark.parametrize('backend', ['cv2', 'pillow'])
def test_good_image_loads_as_in_mmcv(tmp_path, name, backend):
    path = tmp_path / 'image'
    path.write_bytes(IMAGES[name])
    expected = LoadImageFromFile(imdecode_backend=backend, to_float32=True)({'img_path': str(path)})
    found = load_image(path, imdecode_backend=backend, to_float32=True)
    assert found.keys() == expected.keys()
    assert np.array_equal(found['img'], expected['img'])
    assert found['img'].dtype == np.float32
    assert found['ori_shape'] == found['img_shape'] == (31, 47)


@pytest.mark.parametrize('name', [n for n in IMAGES if n not in ('trailer', 'tiff', 'bmp')])
def test_image_cut_at_any_byte_is_refused(tmp_path, name):
    path = tmp_path / 'image'
    content = IMAGES[name]
    lengths = {0, 1, 2, 3, len(content) - 1, len(content) - 2, *range(10, len(content), 97)}
    if name == 'png':  # what is lost there is the checksum of the empty last part
        lengths -= {len(content) - 1, len(content) - 2}
    for length in lengths:
        path.write_bytes(content[:length])
        with pytest.raises(DataError, match=r'is (empty|not an image|cut off|damaged)') as error:
            load_image(path)
        assert '\n' not in str(error.value)


def test_damaged_png_is_refused(tmp_path):
    content = bytearray(IMAGES['png'])
    content[len(content) // 2] ^= 0xFF
    (tmp_path / 'a.png').write_bytes(content)
    with pytest.raises(DataError, match=r'a\.png is cut off or damaged'):
        load_image(tmp_path / 'a.png')


@pytest.mark.parametrize(
    ('content', 'words'),
    [
        (b'', 'is empty'),
        (b'<html>404 not found</html>', 'is not an image'),
        (b'\xff\xd8\xff\xd9', 'is not an image'),
        (None, 'does not exist'),
    ],
)
def test_file_that_is_no_image(tmp_path, content, words):
    path = tmp_path / 'a.jpg'
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(DataError, match=rf'a\.jpg {words}'):
        load_image(path)
    assert load_image(path, ignore_empty=True) is None


def test_folder_instead_of_a_file(tmp_path):
    with pytest.raises(DataError, match='cannot be read'):
        load_image(tmp_path)


def test_pixels_are_bounded_before_decoding(tmp_path):
    path = tmp_path / 'a.png'
    path.write_bytes(IMAGES['png'])
    load_image(path, max_pixels=31 * 47)
    with pytest.raises(DataError, match=r'a\.png has 47x31 pixels.*max_pixels=1456'):
        load_image(path, max_pixels=31 * 47 - 1)
    # A header that claims 60,000 x 60,000 pixels in a hundred bytes.
    huge = bytearray(encoded(PICTURE[:1, :1], 'PNG'))
    huge[16:24] = (60_000).to_bytes(4, 'big') * 2
    path.write_bytes(huge)
    with pytest.raises(DataError, match=r'a\.png'):
        load_image(path)
    middling = bytearray(encoded(PICTURE[:1, :1], 'JPEG'))
    at = middling.index(b'\xff\xc0')
    middling[at + 5 : at + 9] = (16_000).to_bytes(2, 'big') * 2
    path.write_bytes(middling)
    with pytest.raises(DataError, match=r'16000x16000|256000000'):
        load_image(path)


def load_mask(path, num_classes=3, reduce_zero_label=False, label_map=None, **more):
    options = {key: more.pop(key) for key in ('imdecode_backend', 'max_pixels') if key in more}
    transform = TRANSFORMS.build(dict(type='LoadCheckedMask', num_classes=num_classes, **options))
    results = {
        'seg_map_path': str(path),
        'reduce_zero_label': reduce_zero_label,
        'label_map': label_map,
        'seg_fields': [],
        **more,
    }
    return transform(results)


def save(path, values, **options):
    Image.fromarray(np.asarray(values)).save(path, **options)
    return path


def test_classes_are_registered_and_picklable():
    transform = TRANSFORMS.build(dict(type='LoadCheckedMask', num_classes=150))
    assert pickle.loads(pickle.dumps(transform)).num_classes == 150
    assert 'num_classes=150' in repr(transform)
    assert 'LoadCheckedImage' in repr(TRANSFORMS.build(dict(type='LoadCheckedImage')))


SUBSET = {'sky': 0, 'wall': 1}
ADE_MAP = {i: SUBSET.get(name, 255) for i, name in enumerate(ADE20KDataset.METAINFO['classes'])}


@pytest.mark.parametrize(
    ('values', 'settings'),
    [
        ([*range(150), 255], dict(num_classes=150)),
        ([*range(151), 255], dict(num_classes=150, reduce_zero_label=True)),
        ([*range(151), 255], dict(num_classes=2, reduce_zero_label=True, label_map=ADE_MAP)),
        ([*range(12), 255], dict(num_classes=11, label_map={11: 255})),
        ([0, 1, 2, 7, 255], dict(num_classes=3, label_map={0: 2, 2: 0, 7: 1})),
        ([*range(254), 255], dict(num_classes=254)),
    ],
)
def test_allowed_values_load_as_in_mmseg(tmp_path, values, settings):
    path = save(tmp_path / 'm.png', np.array([values, values[::-1]], np.uint8))
    results = {
        'seg_map_path': str(path),
        'reduce_zero_label': False,
        'label_map': None,
        'seg_fields': [],
    }
    results.update({key: value for key, value in settings.items() if key != 'num_classes'})
    expected = LoadAnnotations()(results)
    found = load_mask(path, **settings)
    assert np.array_equal(found['gt_seg_map'], expected['gt_seg_map'])
    assert found['gt_seg_map'].dtype == np.uint8
    assert found['seg_fields'] == ['gt_seg_map']


@pytest.mark.parametrize(
    ('value', 'settings', 'allowed'),
    [
        (3, dict(), '0-2, 255'),
        (254, dict(), '0-2, 255'),
        (4, dict(reduce_zero_label=True), '0-3, 255'),
        (11, dict(num_classes=11), '0-10, 255'),
        (12, dict(num_classes=11, label_map={11: 255}), '0-11, 255'),
        (151, dict(num_classes=2, reduce_zero_label=True, label_map=ADE_MAP), '0-150, 255'),
    ],
)
def test_value_outside_the_classes(tmp_path, value, settings, allowed):
    path = save(tmp_path / 'm.png', np.array([[0, 1], [1, value]], np.uint8))
    with pytest.raises(DataError) as error:
        load_mask(path, **settings)
    assert str(error.value).startswith(f'{path} holds the value {value} ')
    assert f'allowed are {allowed} (num_classes=' in str(error.value)


def test_palette_mask_is_an_index_mask(tmp_path):
    image = Image.fromarray(np.array([[0, 1], [2, 2]], np.uint8)).convert('P')
    image.putpalette([9, 9, 9, 200, 0, 0, 0, 200, 0])
    image.putdata([0, 1, 2, 2])
    image.save(tmp_path / 'm.png')
    assert load_mask(tmp_path / 'm.png')['gt_seg_map'].tolist() == [[0, 1], [2, 2]]
    with pytest.raises(DataError, match='3 channels'):  # cv2 replaces indices by colours
        load_mask(tmp_path / 'm.png', imdecode_backend='cv2')


@pytest.mark.parametrize('channels', [2, 3, 4])
def test_mask_with_channels(tmp_path, channels):
    path = save(tmp_path / 'm.png', np.zeros((4, 4, channels), np.uint8))
    with pytest.raises(DataError, match=rf'm\.png is a mask with {channels} channels'):
        load_mask(path)


def test_wide_numbers(tmp_path):
    path = save(tmp_path / 'm.png', np.array([[0, 2]], np.uint16))
    assert load_mask(path)['gt_seg_map'].tolist() == [[0, 2]]
    path = save(tmp_path / 'm.png', np.array([[0, 256 + 2]], np.uint16))
    with pytest.raises(DataError, match=r'm\.png holds the value 258'):
        load_mask(path)
    path = save(tmp_path / 'm.tiff', np.array([[0.0, 1.5]], np.float32))
    with pytest.raises(DataError, match=r'm\.tiff holds float32 numbers'):
        load_mask(path)


def test_one_bit_mask(tmp_path):
    path = save(tmp_path / 'm.png', np.array([[True, False]]))
    assert load_mask(path)['gt_seg_map'].tolist() == [[1, 0]]


@pytest.mark.parametrize('content', [b'', b'not a mask', encoded(PICTURE, 'PNG')[:-40], None])
def test_unreadable_mask(tmp_path, content):
    if content is not None:
        (tmp_path / 'm.png').write_bytes(content)
    with pytest.raises(DataError, match=r'm\.png (is|does)'):
        load_mask(tmp_path / 'm.png')


def test_image_and_mask_of_different_size(tmp_path):
    path = save(tmp_path / 'm.png', np.zeros((4, 6), np.uint8))
    load_mask(path, img_path='i.jpg', ori_shape=(4, 6), img_shape=(40, 60))
    with pytest.raises(DataError) as error:
        load_mask(path, img_path='i.jpg', ori_shape=(6, 4), img_shape=(4, 6))
    assert str(error.value) == f'{path} is 6x4 pixels but its image i.jpg is 4x6'
    with pytest.raises(DataError, match=r'i\.jpg is 4x6'):
        load_mask(path, img_path='i.jpg', img_shape=(6, 4))


def test_reduce_zero_label_said_twice(tmp_path):
    path = save(tmp_path / 'm.png', np.array([[0, 1]], np.uint8))
    transform = TRANSFORMS.build(
        dict(type='LoadCheckedMask', num_classes=3, reduce_zero_label=True)
    )
    results = {'seg_map_path': str(path), 'seg_fields': [], 'reduce_zero_label': True}
    assert transform(results)['gt_seg_map'].tolist() == [[255, 0]]
    with pytest.raises(ConfigError, match='reduce_zero_label'):
        transform({**results, 'reduce_zero_label': False})
