"""Tiny-ImageNet's labels come from its own lists; what is missing is named."""

import dataclasses
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from mmengine.registry import DefaultScope
from mmpretrain.registry import DATASETS
from PIL import Image

from lkca_mm.datasets import TinyImageNet
from lkca_mm.datasets.tiny_imagenet_classes import CLASSES
from lkca_mm.errors import DataError

WNIDS = sorted(CLASSES)
INSTALLED = Path(__file__).parents[2] / 'data' / 'tiny-imagenet-200'


def build(root, **options):
    with DefaultScope.overwrite_default_scope('mmpretrain'):
        return DATASETS.build(dict(type='TinyImageNet', data_root=str(root), **options))


def refusal(root, **options):
    with pytest.raises(DataError) as error:
        build(root, **options)
    assert '\n' not in str(error.value)
    return str(error.value)


def test_train(tiny):
    dataset = build(tiny, allow_partial=True)
    assert len(dataset) == 400
    for i in range(len(dataset)):
        info = dataset[i]
        path = Path(info['img_path'])
        assert path.is_file() and path.is_relative_to(tiny / 'train')
        assert WNIDS[info['gt_label']] == path.parts[-3]
        assert info.keys() == {'img_path', 'gt_label', 'sample_idx'}
    assert len({dataset[i]['img_path'] for i in range(len(dataset))}) == 400


def test_val(tiny):
    dataset = build(tiny, split='val', allow_partial=True)
    lines = (tiny / 'val' / 'val_annotations.txt').read_text().splitlines()
    assert len(dataset) == len(lines) == 200
    for i, line in enumerate(lines):
        name, wnid = line.split('\t')[:2]
        assert dataset[i]['img_path'] == str(tiny / 'val' / 'images' / name)
        assert dataset[i]['gt_label'] == WNIDS.index(wnid)


def test_colour_and_grey_images_load(tiny):
    wnid = WNIDS[0]
    images = tiny / 'train' / wnid / 'images'
    Image.new('L', (64, 64), 77).save(images / f'{wnid}_1.JPEG')
    for backend, red in (('cv2', 2), ('pillow', 2)):
        loader = dict(type='LoadCheckedImage', imdecode_backend=backend)
        dataset = build(tiny, allow_partial=True, pipeline=[loader])
        colour, grey = dataset[0]['img'], dataset[1]['img']
        assert colour.shape == grey.shape == (64, 64, 3) and grey.dtype == np.uint8
        assert np.abs(grey.astype(int) - 77).max() <= 1
        assert colour[..., red].min() > 200 and colour[..., 0].max() < 50  # BGR, as in mmcv


def test_the_whole_needs_500_and_50(tiny, monkeypatch):
    message = refusal(tiny)
    assert f'holds 2 examples of class {WNIDS[0]} instead of 500' in message
    assert 'allow_partial=True' in message
    assert 'holds 1 examples' in refusal(tiny, split='val')
    assert TinyImageNet.LAYOUT.each == {'train': 500, 'val': 50}
    layout = dataclasses.replace(TinyImageNet.LAYOUT, each={'train': 2, 'val': 1})
    monkeypatch.setattr(TinyImageNet, 'LAYOUT', layout)
    assert len(build(tiny)) == 400 and len(build(tiny, split='val')) == 200
    (tiny / 'train' / WNIDS[7] / 'images' / f'{WNIDS[7]}_0.JPEG').unlink()
    assert f'class {WNIDS[7]} instead of 2' in refusal(tiny)


def test_class_folder_missing_or_empty(tiny):
    images = tiny / 'train' / WNIDS[5] / 'images'
    for path in images.iterdir():
        path.rename(path.with_suffix('.txt'))
    message = refusal(tiny, allow_partial=True)
    assert message.startswith(f'{images} holds no .JPEG files') and WNIDS[5] in message
    shutil.rmtree(images)
    assert refusal(tiny, allow_partial=True).startswith(f'{images} does not exist')
    shutil.rmtree(tiny / 'train')
    assert f'{tiny / "train"} does not exist; get it with' in refusal(tiny, allow_partial=True)
    assert build(tiny, split='val', allow_partial=True)


GOOD = f'val_0.JPEG\t{WNIDS[-1]}\t0\t32\t44\t62'
LINES = {
    'unknown class': (GOOD.replace(WNIDS[-1], 'n00000000'), "the class 'n00000000'"),
    'no class': ('val_0.JPEG', "is 'val_0.JPEG': expected an image and a class"),
    'spaces': (GOOD.replace('\t', ' '), 'expected an image and a class'),
    'no name': (f'\t{WNIDS[0]}\t0\t0\t1\t1', 'expected an image and a class'),
    'empty line': ('', "is ''"),
    'missing image': (GOOD.replace('val_0', 'val_900'), "names 'val_900.JPEG', but there is no"),
    'twice': (GOOD.replace('val_0', 'val_1'), "names 'val_1.JPEG' for the second time"),
    'outside': (GOOD.replace('val_0', '../../wnids'), "'../../wnids.JPEG', but there is no"),
}


@pytest.mark.parametrize('kind', LINES)
def test_wrong_annotation_is_named(tiny, kind):
    path = tiny / 'val' / 'val_annotations.txt'
    lines = path.read_text().splitlines()
    assert lines[0] == GOOD
    line, words = LINES[kind]
    number = 2 if kind == 'twice' else 1
    lines[0], lines[number - 1] = lines[number - 1], lines[0]
    lines[number - 1] = line
    if kind == 'twice':
        lines[0] = GOOD.replace('val_0', 'val_1')
    path.write_text('\n'.join(lines))
    message = refusal(tiny, split='val', allow_partial=True)
    assert message.startswith(f'{path} line {number} ') and words in message


def test_images_and_annotations_of_one_class_are_missing(tiny):
    path = tiny / 'val' / 'val_annotations.txt'
    lines = path.read_text().splitlines(keepends=True)
    path.write_text(''.join(lines[:-1]))
    message = refusal(tiny, split='val', allow_partial=True)
    assert 'val_199.JPEG is not in' in message
    (tiny / 'val' / 'images' / 'val_199.JPEG').unlink()
    message = refusal(tiny, split='val', allow_partial=True)
    assert f'holds no example of class {WNIDS[0]}' in message
    path.write_text('')
    assert 'is empty' in refusal(tiny, split='val', allow_partial=True)
    path.write_bytes(b'\xff\xfe')
    assert 'is not a text file' in refusal(tiny, split='val', allow_partial=True)
    path.unlink()
    assert 'val_annotations.txt does not exist' in refusal(tiny, split='val', allow_partial=True)


def test_other_classes_are_refused(tiny):
    path = tiny / 'wnids.txt'
    wnids = path.read_text().split()
    path.write_text('\n'.join(wnids[1:]))
    assert f'does not list the class {wnids[0]!r}' in refusal(tiny, allow_partial=True)
    path.write_text('\n'.join([*wnids, 'n00000001']))
    assert "lists 'n00000001', which is not a class" in refusal(tiny, allow_partial=True)


def test_names_need_no_data(tmp_path):
    dataset = build(tmp_path, lazy_init=True)
    names = dataset.metainfo['classes']
    assert len(names) == len(set(names)) == len(WNIDS) == 200
    assert list(CLASSES) == WNIDS and names == tuple(CLASSES[wnid] for wnid in WNIDS)


@pytest.mark.skipif(not (INSTALLED / 'words.txt').exists(), reason='the data set is not here')
def test_names_are_those_of_the_data_set():
    words = dict(line.split('\t') for line in (INSTALLED / 'words.txt').read_text().splitlines())
    assert set((INSTALLED / 'wnids.txt').read_text().split()) == set(CLASSES)
    assert {wnid: words[wnid].split(',')[0] for wnid in CLASSES} == CLASSES


def test_many_files_are_cheap(tiny, monkeypatch):
    """Folders are listed; no picture is asked for by its name."""
    for wnid in WNIDS:
        for i in range(10):
            (tiny / 'train' / wnid / 'images' / f'more_{i}.JPEG').touch()
    asked, stat = [], os.stat

    def counting(path, *args, **kwargs):
        asked.append(path)
        return stat(path, *args, **kwargs)

    monkeypatch.setattr(os, 'stat', counting)
    dataset = build(tiny, allow_partial=True)
    monkeypatch.undo()
    assert not [path for path in asked if str(path).endswith('.JPEG')]
    assert len(asked) < 1000
    assert len(dataset) == 2400
