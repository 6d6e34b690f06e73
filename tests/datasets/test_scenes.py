"""Scenes: the same pixels for the same seed, and masks that mean what they say."""

import numpy as np
import pytest
from mmseg.datasets import ADE20KDataset
from PIL import Image

from lkca_mm.datasets.scenes import draw_scene, prepare_scenes
from lkca_mm.errors import DataError

SMALL = dict(seed=3, size=48, num_train=3, num_val=2)
NAMES = ('other', *ADE20KDataset.METAINFO['classes'])


def contents(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob('*')
        if path.is_file()
    }


def test_same_seed_same_pixels_in_ade20ks_layout(tmp_path):
    first, second = (prepare_scenes(tmp_path / name, **SMALL) for name in ('one', 'two'))
    assert first.folder == tmp_path / 'one' / 'scenes'
    assert first.counts == {'training': 3, 'validation': 2}
    assert contents(first.folder) == contents(second.folder)
    assert len(set(contents(first.folder).values())) == 2 * 5 + 1  # no two files are alike
    mine = [first.folder / kind / 'validation' for kind in ('images', 'annotations')]
    dataset = ADE20KDataset(
        data_prefix=dict(img_path=str(mine[0]), seg_map_path=str(mine[1])), img_suffix='.png'
    )
    image, mask = (Image.open(dataset.get_data_info(1)[k]) for k in ('img_path', 'seg_map_path'))
    assert (image.mode, image.size, mask.mode, mask.size) == ('RGB', (48, 48), 'L', (48, 48))
    for found, expected in zip((image, mask), draw_scene(3, 1, 1, 48), strict=True):
        assert np.array_equal(np.asarray(found), expected)


def test_drawn_once_and_again_for_other_settings(tmp_path):
    folder = prepare_scenes(tmp_path, **SMALL).folder
    before = contents(folder)
    assert not prepare_scenes(tmp_path, **SMALL).changed
    assert prepare_scenes(tmp_path, **{**SMALL, 'seed': 4}).changed
    assert contents(folder).keys() == before.keys()
    assert not set(before.values()) & set(contents(folder).values())
    assert [path.name for path in tmp_path.iterdir()] == ['scenes']


def test_another_folder_of_that_name_is_left_alone(tmp_path):
    (tmp_path / 'scenes').mkdir()
    (tmp_path / 'scenes' / 'thesis.tex').write_text('dear')
    with pytest.raises(DataError, match='was not made by this tool'):
        prepare_scenes(tmp_path, **SMALL)
    assert (tmp_path / 'scenes' / 'thesis.tex').read_text() == 'dear'


def test_all_ten_classes_occur():
    many = [draw_scene(0, 0, index, 96) for index in range(120)]
    counts = sum(np.bincount(mask.ravel(), minlength=256) for _, mask in many)
    wanted = 'building sky tree road grass sidewalk person car fence streetlight'
    assert {NAMES[value] for value in np.flatnonzero(counts)} == set(wanted.split())
    assert (counts[counts > 0] / counts.sum()).min() > 0.001
