"""SVHN's digits load as they are in the file; bad files are named."""

import dataclasses

import numpy as np
import pytest
import scipy.io
from mmpretrain.registry import DATASETS

from lkca_mm.datasets import SVHN
from lkca_mm.errors import DataError


def build(root, **options):
    return DATASETS.build(dict(type='SVHN', data_root=str(root), **options))


def refusal(root, **options):
    with pytest.raises(DataError) as error:
        build(root, **options)
    assert '\n' not in str(error.value)
    return str(error.value)


@pytest.mark.parametrize('split', ['train', 'test'])
def test_pictures_and_digits(svhn, split):
    dataset = build(svhn, split=split, allow_partial=True)
    raw = scipy.io.loadmat(svhn / f'{split}_32x32.mat')
    assert len(dataset) == {'train': 20, 'test': 10}[split]
    assert dataset.metainfo['classes'] == tuple('0123456789')
    for i in range(len(dataset)):
        info = dataset[i]
        assert np.array_equal(info['img'], raw['X'][..., i])
        assert info['img'].dtype == np.uint8
        assert info['img'].flags.c_contiguous and info['img'].flags.writeable
        digit = int(raw['y'][i, 0])
        assert info['gt_label'] == (0 if digit == 10 else digit) and type(info['gt_label']) is int
    assert svhn.name in repr(dataset)


def test_only_the_official_counts_without_leave(svhn, monkeypatch):
    message = refusal(svhn)
    assert message.startswith(f'{svhn / "train_32x32.mat"} holds 20 pictures instead of 73257')
    assert 'allow_partial=True' in message
    assert 'instead of 26032' in refusal(svhn, split='test')
    layout = dataclasses.replace(SVHN.LAYOUT, rows={'train': 20, 'test': 11})
    monkeypatch.setattr(SVHN, 'LAYOUT', layout)
    assert len(build(svhn)) == 20
    assert 'instead of 11' in refusal(svhn, split='test')


def test_extra(svhn):
    assert 'extra_32x32.mat does not exist' in refusal(svhn, split='extra')
    (svhn / 'test_32x32.mat').rename(svhn / 'extra_32x32.mat')
    assert len(build(svhn, split='extra', allow_partial=True)) == 10


@pytest.mark.parametrize('compressed', [True, False])
def test_cut_file(svhn, compressed):
    file = svhn / 'train_32x32.mat'
    raw = scipy.io.loadmat(file)
    content = {'X': raw['X'], 'y': raw['y']}
    scipy.io.savemat(file, content, do_compression=compressed)
    whole = file.read_bytes()
    lengths = {0, 1, 127, 128, 129, 136, len(whole) - 1, *range(200, len(whole), 997)}
    lengths |= {*range(len(whole) - 200, len(whole), 7)}
    for length in lengths:
        file.write_bytes(whole[:length])
        message = refusal(svhn, allow_partial=True)
        assert message.startswith(f'{file} ')
        assert 'cut off or damaged' in message or 'no variable' in message or length < 128


CHANGES = {
    'no X': (lambda c: c.pop('X'), "no variable 'X'"),
    'no y': (lambda c: c.pop('y'), "no variable 'y'"),
    'label 11': (lambda c: c['y'].__setitem__((3, 0), 11), 'label 11 in row 3 (1 such labels)'),
    'label 0': (lambda c: c['y'].__setitem__((0, 0), 0), 'label 0 in row 0'),
    'no 10': (lambda c: c.update(y=np.where(c['y'] == 10, 1, c['y'])), 'no example of class 0'),
    'no 4': (lambda c: c.update(y=np.where(c['y'] == 4, 1, c['y'])), 'no example of class 4'),
    'one less': (lambda c: c.update(y=c['y'][1:]), '20 pictures but 19 labels'),
    'order': (lambda c: c.update(X=c['X'].transpose(3, 0, 1, 2)), 'uint8 (20, 32, 32, 3)'),
    'dtype': (lambda c: c.update(X=c['X'].astype(float)), 'float64 (32, 32, 3, 20)'),
    'text': (lambda c: c.update(X='abc'), 'X as something else than real numbers'),
    'words': (lambda c: c.update(y='abc'), 'y as something else than real numbers'),
    'halves': (lambda c: c.update(y=c['y'] + 0.5), 'no whole numbers'),
}


@pytest.mark.parametrize('change', CHANGES)
def test_wrong_file_is_named(svhn, change):
    file = svhn / 'train_32x32.mat'
    raw = scipy.io.loadmat(file)
    content = {'X': raw['X'], 'y': raw['y'], 'Z': 1}
    action, words = CHANGES[change]
    action(content)
    scipy.io.savemat(file, content)
    message = refusal(svhn, allow_partial=True)
    assert message.startswith(f'{file} ') and words in message


def test_labels_as_matlab_writes_them(svhn):
    file = svhn / 'test_32x32.mat'
    raw = scipy.io.loadmat(file)
    expected = build(svhn, split='test', allow_partial=True).get_gt_labels()
    scipy.io.savemat(file, {'X': raw['X'], 'y': raw['y'].astype(float)})
    found = build(svhn, split='test', allow_partial=True).get_gt_labels()
    assert np.array_equal(found, expected)


def test_matlab_7_3(svhn):
    header = b'MATLAB 7.3 MAT-file'.ljust(124) + b'\x00\x02IM'
    (svhn / 'train_32x32.mat').write_bytes(header + bytes(600))
    assert 'MATLAB 7.3' in refusal(svhn)


def test_missing_file_and_split(tmp_path):
    command = f'python tools/prepare_data.py svhn --root {tmp_path}'
    assert refusal(tmp_path / 'svhn').endswith(f'does not exist; get it with: {command}')
    assert "no split 'val'" in refusal(tmp_path, split='val')
    assert build(tmp_path, lazy_init=True).metainfo['classes'] == tuple('0123456789')
