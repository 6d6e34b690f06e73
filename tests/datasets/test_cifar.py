"""CIFAR is known by its content: good copies load as in mmpretrain, bad files are named."""

import dataclasses
import os
import pickle

import numpy as np
import pytest
from mmpretrain.datasets import CIFAR10, CIFAR100
from mmpretrain.registry import DATASETS

from lkca_mm.datasets import CheckedCIFAR10, CheckedCIFAR100
from lkca_mm.errors import DataError

NAMES = ['cifar10', 'cifar100']
OURS = {'cifar10': CheckedCIFAR10, 'cifar100': CheckedCIFAR100}
THEIRS = {'cifar10': CIFAR10, 'cifar100': CIFAR100}


@pytest.fixture
def small(monkeypatch):
    """Makes miniatures count as whole: ``each`` pictures a class in every file."""

    def shrink(name, each):
        layout = OURS[name].LAYOUT
        rows = dict.fromkeys(layout.files, layout.num_classes * each)
        monkeypatch.setattr(OURS[name], 'LAYOUT', dataclasses.replace(layout, rows=rows))

    return shrink


def build(name, root, **options):
    return DATASETS.build(dict(type=OURS[name].__name__, data_root=str(root), **options))


def edit(path, change):
    content = pickle.loads(path.read_bytes())
    change(content)
    path.write_bytes(pickle.dumps(content))


def refusal(name, root, **options):
    with pytest.raises(DataError) as error:
        build(name, root, **options)
    assert '\n' not in str(error.value)
    return str(error.value)


@pytest.mark.parametrize('split', ['train', 'test'])
@pytest.mark.parametrize('name', NAMES)
def test_as_mmpretrain(make_cifar, small, monkeypatch, tmp_path, name, split):
    small(name, each=2)
    make_cifar(name, tmp_path / OURS[name].LAYOUT.folder, each=2)
    found = build(name, tmp_path, split=split)
    monkeypatch.setattr(THEIRS[name], '_check_integrity', lambda self: True)
    expected = THEIRS[name](data_root=str(tmp_path), split=split)
    assert (
        len(found) == len(expected) == 2 * found.LAYOUT.num_classes * len(found.LAYOUT.files[split])
    )
    assert found.metainfo == expected.metainfo
    assert len(set(found.metainfo['classes'])) == found.LAYOUT.num_classes
    for i in range(len(found)):
        info = found[i]
        assert info.keys() == expected[i].keys() == {'img', 'gt_label', 'sample_idx'}
        assert np.array_equal(info['img'], expected[i]['img'])
        assert info['gt_label'] == expected[i]['gt_label'] and type(info['gt_label']) is int
        assert info['img'].shape == (32, 32, 3) and info['img'].dtype == np.uint8
        assert info['img'].flags.c_contiguous and info['img'].flags.writeable


def test_colours_are_rgb(make_cifar, tmp_path):
    file = make_cifar('cifar10', tmp_path / 'cifar-10-batches-py') / 'test_batch'
    edit(file, lambda content: content['data'].__setitem__(0, np.arange(3072) // 1024 * 100))
    picture = build('cifar10', tmp_path, split='test', allow_partial=True)[0]['img']
    assert (picture == [0, 100, 200]).all()


def test_options_reach_mmpretrain(make_cifar, tmp_path):
    make_cifar('cifar10', tmp_path / 'cifar-10-batches-py')
    options = dict(split='test', allow_partial=True)
    dataset = build('cifar10', tmp_path, metainfo=dict(classes=list('abcdefghij')), **options)
    assert dataset.metainfo['classes'] == list('abcdefghij')
    assert len(build('cifar10', tmp_path, indices=3, **options)) == 3
    lazy = build('cifar10', tmp_path / 'none', lazy_init=True)
    assert lazy.metainfo['classes'] == CIFAR10.METAINFO['classes']
    prefixed = DATASETS.build(
        dict(type='CheckedCIFAR10', data_prefix=str(tmp_path), test_mode=True, **options)
    )
    assert len(prefixed) == 10 and prefixed.test_mode


def test_full_count(tmp_path):
    folder = tmp_path / 'cifar-10-batches-py'
    folder.mkdir()
    content = {'data': np.zeros((10_000, 3072), np.uint8), 'labels': [*range(10)] * 1000}
    (folder / 'test_batch').write_bytes(pickle.dumps(content, 4))
    assert len(build('cifar10', tmp_path, split='test')) == 10_000
    content = {'data': content['data'][:-1], 'labels': content['labels'][:-1]}
    (folder / 'test_batch').write_bytes(pickle.dumps(content, 4))
    assert 'holds 9999 pictures instead of 10000' in refusal('cifar10', tmp_path, split='test')
    assert len(build('cifar10', tmp_path, split='test', allow_partial=True)) == 9_999


def test_the_published_counts():
    ten, hundred = CheckedCIFAR10.LAYOUT, CheckedCIFAR100.LAYOUT
    for layout, theirs in ((ten, CIFAR10), (hundred, CIFAR100)):
        for split, listed in (('train', theirs.train_list), ('test', theirs.test_list)):
            assert layout.files[split] == tuple(file for file, _ in listed)
            total = {'train': 50_000, 'test': 10_000}[split]
            assert layout.rows[split] * len(layout.files[split]) == total
        assert layout.folder == theirs.base_folder
        assert layout.num_classes == len(theirs.METAINFO['classes'])


@pytest.mark.parametrize('name', NAMES)
def test_class_counts(make_cifar, small, tmp_path, name):
    small(name, each=2)
    layout = OURS[name].LAYOUT
    folder = make_cifar(name, tmp_path / layout.folder, each=2)

    def turn_a_1_into_a_2(content):
        labels = content[layout.label_key]
        labels[labels.index(1)] = 2

    edit(folder / layout.files['train'][0], turn_a_1_into_a_2)
    whole = 2 * len(layout.files['train'])
    message = refusal(name, tmp_path)
    assert f'holds {whole - 1} examples of class 1 instead of {whole}' in message
    assert 'allow_partial=True' in message
    assert build(name, tmp_path, allow_partial=True)
    assert build(name, tmp_path, split='test')


CHANGES = {
    'columns': (lambda c: c.update(data=c['data'][:, 1:]), '3071 columns instead of 3072'),
    'dtype': (lambda c: c.update(data=c['data'].astype(np.int16)), 'no table of bytes'),
    'no array': (lambda c: c.update(data=[1, 2]), 'no table of bytes'),
    'four axes': (lambda c: c.update(data=c['data'].reshape(-1, 3, 32, 32)), 'no table of bytes'),
    'no data': (lambda c: c.pop('data'), "no key 'data'"),
    'no labels': (lambda c: c.pop('labels'), "no key 'labels'"),
    'label 10': (lambda c: c['labels'].__setitem__(4, 10), 'label 10 in row 4 (1 such labels)'),
    'label -1': (lambda c: c['labels'].__setitem__(0, -1), 'label -1 in row 0'),
    'words': (lambda c: c.update(labels=['cat'] * 10), 'no whole numbers'),
    'halves': (lambda c: c.update(labels=[0.5] * 10), 'no whole numbers'),
    'uneven': (lambda c: c.update(labels=[[1], [1, 2]]), 'uneven shape'),
    'one label less': (lambda c: c['labels'].pop(), '10 pictures but 9 labels'),
}


@pytest.mark.parametrize('change', CHANGES)
def test_wrong_file_is_named(make_cifar, tmp_path, change):
    folder = make_cifar('cifar10', tmp_path / 'cifar-10-batches-py')
    action, words = CHANGES[change]
    edit(folder / 'data_batch_3', action)
    message = refusal('cifar10', tmp_path, allow_partial=True)
    assert message.startswith(f'{folder / "data_batch_3"} ') and words in message
    assert build('cifar10', tmp_path, split='test', allow_partial=True)


def test_lists_that_would_fill_the_memory(make_cifar, tmp_path):
    """A list of 10 times a list of 10 times ...: 200 bytes in the file, 1e30 labels in an array."""
    folder = make_cifar('cifar10', tmp_path / 'cifar-10-batches-py')
    labels = 7
    for _ in range(30):
        labels = [labels] * 10
    edit(folder / 'data_batch_3', lambda c: c.update(labels=labels))
    assert (folder / 'data_batch_3').stat().st_size < 32_000
    assert 'uneven shape' in refusal('cifar10', tmp_path, allow_partial=True)


def test_missing_class(make_cifar, tmp_path):
    folder = make_cifar('cifar10', tmp_path / 'cifar-10-batches-py')
    edit(
        folder / 'test_batch', lambda c: c.update(labels=[7 if x == 6 else x for x in c['labels']])
    )
    message = refusal('cifar10', tmp_path, split='test', allow_partial=True)
    assert message.startswith(f'{folder / "test_batch"} holds no example of class 6')


def test_no_dict_cut_off_and_evil(make_cifar, tmp_path):
    file = make_cifar('cifar10', tmp_path / 'cifar-10-batches-py') / 'test_batch'
    options = dict(split='test', allow_partial=True)
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) // 2])
    assert f'{file} is cut off or damaged' in refusal('cifar10', tmp_path, **options)
    file.write_bytes(pickle.dumps([1, 2]))
    assert f'{file} holds no dict' in refusal('cifar10', tmp_path, **options)

    class Evil:
        def __reduce__(self):
            return os.system, (f'touch {tmp_path / "ran"}',)

    file.write_bytes(pickle.dumps({'data': Evil()}))
    assert f"{file} wants to use 'posix.system'" in refusal('cifar10', tmp_path, **options)
    assert not (tmp_path / 'ran').exists()


@pytest.mark.parametrize('name', NAMES)
def test_missing_file(make_cifar, tmp_path, name):
    folder = make_cifar(name, tmp_path / OURS[name].LAYOUT.folder)
    file = folder / OURS[name].LAYOUT.files['train'][-1]
    file.unlink()
    hint = f'get it with: python tools/prepare_data.py {name} --root {tmp_path}'
    assert refusal(name, tmp_path, allow_partial=True) == f'{file} does not exist; {hint}'
    assert build(name, tmp_path, split='test', allow_partial=True)  # the other split can do without


def test_unknown_split(tmp_path):
    assert "no split 'val': expected one of 'train', 'test'" in refusal(
        'cifar10', tmp_path, split='val'
    )
