"""Overlays: mmseg's visualizer given the right image, mask, colours and names."""

from types import SimpleNamespace

import matplotlib
import numpy as np
import pytest
import torch
from mmengine.registry import HOOKS
from mmengine.structures import PixelData
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
    hook = HOOKS.build({'type': 'SideBySideHook', 'out_dir': str(tmp_path / 'out'), 'opacity': 1})
    samples = []
    for name, truth in (('a', mask[::2, ::2]), ('city/b', None)):
        save_image(image, tmp_path / f'{name}.png')
        sample = SegDataSample(metainfo={'img_path': str(tmp_path / f'{name}.png')})
        sample.pred_sem_seg = PixelData(data=torch.from_numpy(mask)[None].long())
        if truth is not None:  # of an image that the pipeline made smaller
            sample.gt_sem_seg = PixelData(data=torch.from_numpy(1 - truth)[None].long())
        samples.append(sample)
    dataset = SimpleNamespace(metainfo=META, data_prefix={'img_path': str(tmp_path)})
    loader = SimpleNamespace(dataset=dataset)
    hook.after_test_iter(SimpleNamespace(test_dataloader=loader), 0, None, samples)
    three, two = (
        np.asarray(Image.open(tmp_path / 'out' / f'{name}.png')) for name in ('a', 'city/b')
    )
    assert three.shape == (400, 1500, 3) and two.shape == (400, 1000, 3)
    assert (three[:, :500] == image).all() and (two[:, :500] == image).all()
    corners = [three[-1, 900], three[-1, -1], two[-1, -1]]
    assert [pixel.tolist() for pixel in corners] == [[200, 0, 0], [0, 0, 240], [0, 0, 240]]


def test_scores_beside_their_image(scene, tmp_path, drawn):
    image, _ = scene
    draw_scores(image, [('cat', 0.75), ('dog', 0.25)], tmp_path / 'a.svg')
    text = (tmp_path / 'a.svg').read_text()
    assert all(word in text for word in ('score', 'cat', 'dog'))
    ((pixels, _),) = drawn
    assert (pixels == image).all()
