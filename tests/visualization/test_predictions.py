"""Overlays: mmseg's visualizer given the right image, mask, colours and names."""

from types import SimpleNamespace

import matplotlib
import numpy as np
import pytest
import torch
from mmengine.registry import HOOKS
from mmengine.structures import PixelData
from mmpretrain.structures import DataSample
from mmseg.structures import SegDataSample
from packaging.version import Version
from PIL import Image

from lkca_mm.visualization.predictions import draw_overlay, draw_scores, save_image

META = {'classes': ['sky', 'road'], 'palette': [[200, 0, 0], [0, 0, 240]]}


@pytest.fixture
def scene():
    """An image of large squares, as matplotlib before 3.11 shifts by a pixel; a mask of halves."""
    squares = np.random.default_rng(0).integers(0, 256, (4, 5, 3), np.uint8)
    image = squares.repeat(100, 0).repeat(100, 1)
    mask = np.zeros((400, 500), np.uint8)
    mask[200:] = 1
    return image, mask


@pytest.mark.parametrize('opacity', [0.0, 0.5, 1.0])
def test_overlay_blends_colours(scene, opacity):
    image, mask = scene
    drawn = draw_overlay(image, mask, META, opacity).astype(int)
    expected = (1 - opacity) * image + opacity * np.array(META['palette'])[mask]
    close = (abs(drawn - expected) <= 1).all(axis=-1)
    # Only below the names is it anything else.
    assert drawn.shape == image.shape and close.mean() > 0.98
    if opacity or Version(matplotlib.__version__) >= Version('3.11'):
        assert close.all() == (opacity == 0)
    small = draw_overlay(image[150:250, :150], mask[150:250, :150], META, opacity)
    assert small.shape == (400, 600, 3)  # large enough for the names


def test_palette_leaves_the_values(scene, tmp_path):
    _, mask = scene
    save_image(mask, tmp_path / 'new' / 'mask.png', META['palette'])
    with Image.open(tmp_path / 'new' / 'mask.png') as found:
        assert found.mode == 'P' and (np.asarray(found) == mask).all()
        assert (np.asarray(found.convert('RGB')) == np.array(META['palette'])[mask]).all()


def test_hook_writes_image_truth_and_prediction(scene, tmp_path):
    image, mask = scene
    save_image(image, tmp_path / 'a.png')
    hook = HOOKS.build({'type': 'SideBySideHook', 'out_dir': str(tmp_path / 'out')})
    samples = []
    for name, truth in (('a', mask[::2, ::2]), ('city/b', None)):
        save_image(image, tmp_path / f'{name}.png')
        sample = SegDataSample(metainfo={'img_path': str(tmp_path / f'{name}.png')})
        sample.pred_sem_seg = PixelData(data=torch.from_numpy(mask)[None].long())
        if truth is not None:  # of an image that the pipeline made smaller
            sample.gt_sem_seg = PixelData(data=torch.from_numpy(1 - truth)[None].long())
        samples.append(sample)
    dataset = SimpleNamespace(metainfo=META, data_prefix={'img_path': str(tmp_path)})
    runner = SimpleNamespace(test_dataloader=SimpleNamespace(dataset=dataset))
    hook.after_test_iter(runner, 0, None, samples)
    three, two = (
        np.asarray(Image.open(tmp_path / 'out' / f'{name}.png')) for name in ('a', 'city/b')
    )
    assert three.shape == (400, 1500, 3) and two.shape == (400, 1000, 3)
    assert (three[:, :500] == image).all() and (two[:, :500] == image).all()
    for pixel, x, colour in (
        (three[-1, 900], 400, 0),
        (three[-1, -1], -1, 1),
        (two[-1, -1], -1, 1),
    ):
        blended = (image[-1, x].astype(int) + META['palette'][colour]) / 2
        np.testing.assert_allclose(pixel, blended, atol=1)

    samples[1].set_metainfo({'reduce_zero_label': True})
    hook = HOOKS.build({'type': 'SaveMasksHook', 'out_dir': str(tmp_path / 'masks')})
    hook.after_test_iter(runner, 0, None, samples)
    for name, expected in (('a', mask), ('city/b', mask + 1)):
        found = np.asarray(Image.open(tmp_path / 'masks' / f'{name}.png'))
        np.testing.assert_array_equal(found, expected)


def test_classified_images_of_one_name_are_drawn_in_their_colours(tmp_path):
    red, paths, drawn = np.full((8, 8, 3), (200, 0, 0), np.uint8), [], []

    def draw(image, sample, rescale_factor, out_file):
        assert (image == red).all() and rescale_factor == 32
        drawn.append(out_file)

    for name in ('a', 'b'):
        paths.append({'img_path': str(tmp_path / name / 'x.png')})
        save_image(red, paths[-1]['img_path'])
    samples = [DataSample(metainfo=info) for info in (*paths, {'sample_idx': 7})]
    loader = SimpleNamespace(dataset=SimpleNamespace(data_prefix={'img_path': str(tmp_path)}))
    runner = SimpleNamespace(test_dataloader=loader, visualizer=SimpleNamespace(visualize_cls=draw))
    hook = HOOKS.build({'type': 'ImageScoresHook', 'out_dir': 'out'})
    hook.after_test_iter(
        runner, 0, {'inputs': [torch.from_numpy(red.transpose(2, 0, 1))] * 3}, samples
    )
    assert drawn == ['out/a/x.png', 'out/b/x.png', 'out/7.png']


def test_scores_beside_their_image(scene, tmp_path, drawn):
    image, _ = scene
    draw_scores(image, [('cat', 0.75), ('dog', 0.25)], tmp_path / 'a.svg')
    text = (tmp_path / 'a.svg').read_text()
    assert all(word in text for word in ('score', 'cat', 'dog'))
    ((pixels, _),) = drawn
    assert (pixels == image).all()
