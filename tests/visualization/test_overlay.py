"""Overlays, labels, legends, panels, files and the hook that draws them."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from mmengine.registry import HOOKS
from mmengine.structures import PixelData
from mmseg.structures import SegDataSample
from PIL import Image

from lkca_mm.errors import DataError
from lkca_mm.visualization import (
    SideBySideHook,
    blend_mask,
    default_palette,
    draw_segmentation,
    label_regions,
    save_png,
    side_by_side,
)
from lkca_mm.visualization.legend import class_shares, draw_legend, percent
from lkca_mm.visualization.panels import display_size, resize_mask
from lkca_mm.visualization.region_labels import place_labels

CLASSES = ('road', 'sky', 'very small thing')
PALETTE = ((200, 0, 0), (0, 100, 0), (0, 0, 250))


def halves(height=300, width=400):
    """Road in the left half, sky in the right one, a speck of class 2."""
    mask = np.zeros((height, width), dtype=np.uint8)
    mask[:, width // 2 :] = 1
    mask[2:4, 2:4] = 2
    return mask


def count_pixels(picture, colour):
    return int((picture == np.array(colour)).all(axis=-1).sum())


def test_blend_mixes_image_and_palette():
    image = np.full((2, 3, 3), 100, dtype=np.uint8)
    mask = np.array([[0, 1, 255], [0, 1, 255]], dtype=np.uint8)
    picture = blend_mask(image, mask, PALETTE, opacity=0.25, outline=False)
    # 0.75 * 100 + 0.25 * colour, by hand
    assert picture[0].tolist() == [[125, 75, 75], [75, 100, 75], [100, 100, 100]]
    assert blend_mask(image, mask, PALETTE, opacity=0).tolist() == image.tolist()
    full = blend_mask(image, mask, PALETTE, opacity=1, outline=False)
    assert full[0, :2].tolist() == [[200, 0, 0], [0, 100, 0]]


def test_outline_is_darker_and_only_between_regions():
    image, mask = np.full((8, 8, 3), 100, dtype=np.uint8), np.zeros((8, 8), dtype=np.uint8)
    mask[:, 4:] = 1
    plain = blend_mask(image, mask, PALETTE, outline=False).astype(int)
    changed = blend_mask(image, mask, PALETTE) - plain
    assert (changed[:, 4] < 0).all()
    assert not changed[:, [0, 1, 2, 3, 5, 6, 7]].any()


@pytest.mark.parametrize(
    ('value', 'opacity', 'message'),
    [(3, 0.5, 'class 3, but there are 3'), (0, 1.5, 'opacity=1.5')],
)
def test_blend_refuses_what_it_cannot_draw(value, opacity, message):
    mask = np.full((4, 4), value, dtype=np.uint8)
    with pytest.raises(ValueError, match=message):
        blend_mask(np.zeros((4, 4, 3), dtype=np.uint8), mask, PALETTE, opacity)


def test_labels_stand_on_their_region_and_apart():
    rng = np.random.default_rng(0)
    # 6 x 8 blocks of 40 pixels: many regions that compete for room
    blocks = rng.integers(0, 12, (6, 8))
    mask = np.kron(blocks, np.ones((40, 40), dtype=int)).astype(np.uint8)
    names = [f'name {index}' for index in range(12)]
    labels = place_labels(mask, names, size=12)
    assert len(labels) >= 10
    for label in labels:
        left, top, right, bottom = label.box
        assert left >= 0 and top >= 0 and right <= 320 and bottom <= 240
        inside = mask[top:bottom, left:right] == names.index(label.text)
        assert inside.mean() >= 0.5
        assert inside[(bottom - top) // 2, (right - left) // 2]
    painted = np.zeros(mask.shape, dtype=int)
    for left, top, right, bottom in (label.box for label in labels):
        painted[top:bottom, left:right] += 1
    assert painted.max() == 1


def test_small_and_unnamed_regions_get_no_label():
    mask = halves()
    mask[100:200, 100:180] = 255
    assert sorted(label.text for label in place_labels(mask, CLASSES)) == ['road', 'sky']


def test_label_text_stays_in_its_box_and_can_be_seen():
    mask, picture = halves(), np.full((300, 400, 3), 90, dtype=np.uint8)
    changed = (label_regions(picture, mask, CLASSES) != picture).any(axis=-1)
    for label in place_labels(mask, CLASSES):
        left, top, right, bottom = label.box
        assert changed[top:bottom, left:right].mean() > 0.15
        changed[top:bottom, left:right] = False
    assert not changed.any()


def test_shares_leave_ignored_pixels_out():
    mask = np.array([[0, 0, 0, 1], [255, 255, 255, 255]])
    assert class_shares(mask, 3).tolist() == [0.75, 0.25, 0.0]
    assert class_shares(np.full((2, 2), 255), 3).tolist() == [0.0, 0.0, 0.0]
    assert (percent(0.1234), percent(0.0001), percent(0)) == ('12.3%', '<0.1%', '0.0%')


def test_legend_lists_present_classes_only():
    strip = draw_legend(300, [halves()[10:]], CLASSES, PALETTE, size=12)
    assert strip.shape[1] == 300
    found = [count_pixels(strip, colour) > 40 for colour in PALETTE]
    assert found == [True, True, False]


def test_legend_of_a_narrow_picture_and_of_no_class():
    names = ['a name that is far too long for the strip', 'b']
    mask = np.array([[0, 1]])
    assert draw_legend(90, [mask], names, PALETTE, size=12).shape[1] == 90
    assert draw_legend(90, [np.full((2, 2), 255)], names, PALETTE, size=12).shape[1] == 90


def test_many_classes_are_cut():
    mask = np.arange(100).reshape(10, 10)
    names, palette = [f'c{index}' for index in range(100)], default_palette(100)
    assert len(set(palette)) == 100
    short = draw_legend(400, [mask], names, palette, size=12, max_entries=10)
    assert sum(count_pixels(short, colour) > 40 for colour in palette) == 10


@pytest.mark.parametrize(
    ('size', 'limit', 'expected'),
    [
        ((300, 400), None, (300, 400)),
        ((128, 128), None, (256, 256)),
        ((32, 32), None, (256, 256)),
        ((100, 130), None, (300, 390)),
        ((2000, 1000), 1024, (1024, 512)),
        ((4, 4000), None, (4, 4000)),
        ((1, 5000), 1024, (1, 1024)),
        ((3000, 4000), None, (3000, 4000)),
    ],
)
def test_display_size(size, limit, expected):
    assert display_size(*size, max_side=limit) == expected


def test_masks_grow_by_repeating_pixels():
    mask = np.random.default_rng(0).integers(0, 9, (5, 7))
    grown = resize_mask(mask, (15, 21))
    assert (grown == mask.repeat(3, axis=0).repeat(3, axis=1)).all()
    assert (resize_mask(grown, (5, 7)) == mask).all()


def test_segmentation_keeps_the_picture_and_adds_a_legend():
    mask, image = halves(), np.full((300, 400, 3), 100, dtype=np.uint8)
    picture = draw_segmentation(image, mask, CLASSES, PALETTE, opacity=0.5)
    assert picture.shape[1] == 400 and picture.shape[0] > 300
    assert picture[290, 10].tolist() == [150, 50, 50]
    assert picture[290, 390].tolist() == [50, 100, 50]
    bare = draw_segmentation(image, mask, CLASSES, PALETTE, labels=False, legend=False)
    assert bare.shape == (300, 400, 3)


@pytest.mark.parametrize('panels', [2, 3])
def test_side_by_side_panels(panels):
    image = np.full((128, 128, 3), 100, dtype=np.uint8)
    truth = np.zeros((128, 128), dtype=np.uint8) if panels == 3 else None
    prediction = np.ones((64, 64), dtype=np.uint8)
    picture = side_by_side(image, truth, prediction, CLASSES, PALETTE, opacity=0.5)
    gap = (picture.shape[1] - panels * 256) // (panels - 1)
    assert 4 <= gap <= 16
    starts = [index * (256 + gap) for index in range(panels)]
    expected = [[100, 100, 100], [150, 50, 50], [50, 100, 50]]
    if panels == 2:
        del expected[1]
    # 240 rows down: below the titles, beside the names
    assert [picture[240, start + 10].tolist() for start in starts] == expected
    legend = picture[290:]
    assert [count_pixels(legend, colour) > 40 for colour in PALETTE] == [panels == 3, True, False]


def test_mask_png_reads_back(tmp_path):
    mask = halves(20, 30)
    path = tmp_path / 'new' / 'folder' / 'mask.png'
    save_png(mask, path, PALETTE)
    picture = Image.open(path)
    assert picture.mode == 'P'
    assert (np.asarray(picture) == mask).all()
    assert np.asarray(picture.convert('RGB'))[10, 25].tolist() == list(PALETTE[1])
    assert [file.name for file in path.parent.iterdir()] == ['mask.png']


def test_failed_write_keeps_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / 'picture.png'
    save_png(np.zeros((4, 4, 3)), path)
    before = path.read_bytes()

    def fail(self, target, format):
        target.write_bytes(b'half')
        raise OSError(28, 'No space left on device')

    monkeypatch.setattr(Image.Image, 'save', fail)
    with pytest.raises(DataError, match=r'picture\.png: cannot be written \(No space'):
        save_png(np.ones((4, 4, 3)), path)
    assert path.read_bytes() == before
    assert len(list(tmp_path.iterdir())) == 1


def test_folder_that_is_a_file(tmp_path):
    (tmp_path / 'file').write_text('')
    with pytest.raises(DataError, match='cannot be written'):
        save_png(np.zeros((4, 4, 3)), tmp_path / 'file' / 'picture.png')


def sample_of(path, prediction, truth=None):
    sample = SegDataSample(metainfo={'img_path': str(path)})
    sample.pred_sem_seg = PixelData(data=torch.as_tensor(prediction)[None].long())
    if truth is not None:
        sample.gt_sem_seg = PixelData(data=torch.as_tensor(truth)[None].long())
    return sample


@pytest.fixture
def runner():
    metainfo = {'classes': CLASSES, 'palette': [list(colour) for colour in PALETTE]}
    loader = SimpleNamespace(dataset=SimpleNamespace(metainfo=metainfo))
    return SimpleNamespace(test_dataloader=loader, val_dataloader=loader)


@pytest.fixture
def image_paths(tmp_path):
    paths = [tmp_path / folder / 'same.png' for folder in ('a', 'b', 'c')]
    for path in paths:
        # red, so that swapped channels show
        save_png(np.broadcast_to(np.uint8([250, 0, 0]), (260, 300, 3)), path)
    return paths


def test_hook_writes_every_sample_under_its_own_name(tmp_path, runner, image_paths):
    hook = HOOKS.build({'type': 'SideBySideHook', 'out_dir': str(tmp_path / 'out')})
    assert isinstance(hook, SideBySideHook)
    prediction = np.ones((260, 300))
    # The ground truth of a resized image: another size than the file's.
    truth = np.zeros((130, 150))
    hook.before_test_epoch(runner)
    hook.after_test_iter(runner, 0, None, [sample_of(image_paths[0], prediction, truth)])
    hook.after_test_iter(runner, 1, None, [sample_of(p, prediction) for p in image_paths[1:]])
    hook.after_val_iter(runner, 0, None, [sample_of(image_paths[0], prediction)])
    files = sorted(path.name for path in (tmp_path / 'out').iterdir())
    assert files == ['same.png', 'same_2.png', 'same_3.png']
    three = np.asarray(Image.open(tmp_path / 'out' / 'same.png'))
    two = np.asarray(Image.open(tmp_path / 'out' / 'same_2.png'))
    assert three.shape[1] > 900 > two.shape[1] > 600
    assert three[200, 10].tolist() == [250, 0, 0]
    # opacity 0.6 over (250, 0, 0)
    assert three[200, -10].tolist() == [100, 60, 0]
    assert two[200, -10].tolist() == [100, 60, 0]


def test_hook_stops_and_starts_again(tmp_path, runner, image_paths):
    hook = SideBySideHook(str(tmp_path / 'out'), max_pictures=2, with_val=True)
    samples = [sample_of(path, np.ones((260, 300))) for path in image_paths]
    for _ in range(2):
        hook.before_test_epoch(runner)
        hook.after_test_iter(runner, 0, None, samples)
    hook.after_val_iter(runner, 0, None, samples[:1])
    found = sorted(str(p.relative_to(tmp_path / 'out')) for p in (tmp_path / 'out').rglob('*.png'))
    assert found == ['same.png', 'same_2.png', 'val/same.png']
