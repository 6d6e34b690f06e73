"""Small images load as in mmpretrain and torchvision; bad files are named, and run nothing."""

import pickle

import numpy as np
import pytest
import scipy.io
import torchvision
from miniatures import WNIDS, cifar_content, svhn_content, write_cifar, write_svhn, write_tiny
from mmpretrain.datasets import CIFAR10, CIFAR100
from mmpretrain.registry import DATASETS

from lkca_mm.datasets import SVHN, CheckedCIFAR10, CheckedCIFAR100, TinyImageNet
from lkca_mm.errors import DataError

CIFARS = [(CheckedCIFAR10, CIFAR10), (CheckedCIFAR100, CIFAR100)]


@pytest.fixture
def small(monkeypatch):
    """Makes the miniatures count as whole."""
    for kind in (CheckedCIFAR10, CheckedCIFAR100):
        files = {split: len(names) for split, names in kind.FILES.items()}
        images = {split: count * 2 * kind.NUM_CLASSES for split, count in files.items()}
        monkeypatch.setattr(kind, 'IMAGES', images)
    monkeypatch.setattr(SVHN, 'IMAGES', {'train': 20, 'test': 20})
    monkeypatch.setattr(TinyImageNet, 'IMAGES', {'train': 400, 'val': 200})


def build(kind, root, **options):
    return DATASETS.build(dict(type=kind, data_root=str(root), **options))


def refusal(kind, root, **options):
    with pytest.raises(DataError) as error:
        build(kind, root, **options)
    assert '\n' not in str(error.value)
    return str(error.value)


def edit(path, **changes):
    path.write_bytes(pickle.dumps({**pickle.loads(path.read_bytes()), **changes}))


@pytest.mark.parametrize('split', ['train', 'test'])
@pytest.mark.parametrize(('ours', 'theirs'), CIFARS, ids=['cifar10', 'cifar100'])
def test_cifar_as_in_mmpretrain(small, monkeypatch, tmp_path, ours, theirs, split):
    write_cifar(ours, tmp_path)
    monkeypatch.setattr(theirs, '_check_integrity', lambda self: True)
    expected = theirs(data_root=str(tmp_path), split=split)
    found = build(ours.__name__, tmp_path, split=split)
    assert len(found) == len(expected) == ours.IMAGES[split]
    assert found.metainfo == expected.metainfo
    for mine, other in zip(found, expected, strict=True):
        assert mine.keys() == other.keys() == {'img', 'gt_label', 'sample_idx'}
        np.testing.assert_array_equal(mine['img'], other['img'], strict=True)
        assert mine['gt_label'] == other['gt_label'] and type(mine['gt_label']) is int


@pytest.mark.parametrize('split', ['train', 'test'])
def test_svhn_as_in_torchvision(small, monkeypatch, tmp_path, split):
    write_svhn(tmp_path / 'svhn')
    monkeypatch.setattr(torchvision.datasets.SVHN, '_check_integrity', lambda self: True)
    expected = torchvision.datasets.SVHN(tmp_path / 'svhn', split=split)
    found = build('SVHN', tmp_path / 'svhn', split=split)
    assert len(found) == len(expected) == 20
    for mine, (image, label) in zip(found, expected, strict=True):
        np.testing.assert_array_equal(mine['img'], np.asarray(image), strict=True)
        assert mine['gt_label'] == label
    assert found.metainfo['classes'][7] == '7'


def test_tiny_imagenet(small, tmp_path):
    root = write_tiny(tmp_path / 'tiny-imagenet-200')
    pipeline = [dict(type='LoadCheckedImage')]
    for split, each in (('train', 2), ('val', 1)):
        found = build('TinyImageNet', root, split=split, pipeline=pipeline)
        assert len(found) == each * 200
        assert found.metainfo['classes'] == tuple(f'name {wnid}' for wnid in WNIDS)
        assert found[0]['img'].shape == (64, 64, 3)
        for info in map(found.get_data_info, range(len(found))):
            wnid = WNIDS[info['gt_label']]
            if split == 'train':
                assert f'/train/{wnid}/images/{wnid}_' in info['img_path']
            else:
                assert info['img_path'].endswith(f'/val/images/val_{199 - WNIDS.index(wnid)}.JPEG')
    (root / 'words.txt').unlink()
    assert build('TinyImageNet', root).metainfo['classes'] == tuple(WNIDS)
    (root / 'val' / 'images' / 'val_3.JPEG').unlink()
    message = refusal('TinyImageNet', root, split='val')
    assert 'val_3.JPEG does not exist' in message
    for path in (root / 'train' / WNIDS[5] / 'images').iterdir():
        path.unlink()
    assert WNIDS[5] in refusal('TinyImageNet', root, allow_partial=True)


def python2(array):
    """What Python 2 wrote: byte strings and numpy's old module names, as in the official files."""
    rows, columns = (int(size).to_bytes(2, 'little') for size in array.shape)
    content = array.tobytes()
    return (
        b'\x80\x02}(U\x04datacnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n'
        b'K\x00\x85U\x01btR(K\x01M' + rows + b'M' + columns + b'\x86cnumpy\ndtype\n'
        b'(U\x02u1K\x00K\x01tR(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb'
        b'\x89T' + len(content).to_bytes(4, 'little') + content + b'tbU\x06labels]('
        + b''.join(b'K' + bytes([label]) for label in range(10)) + b'eu.'
    )  # fmt: skip


@pytest.mark.parametrize('form', ['python2', 'numpy1', 'fortran', 0, 5])
def test_pickles_of_every_protocol_load(tmp_path, form):
    folder = write_cifar(CheckedCIFAR10, tmp_path)
    content = {**cifar_content(CheckedCIFAR10, each=1), 'labels': list(range(10))}
    if form == 'python2':
        written = python2(content['data'])
    elif form == 'numpy1':
        written = pickle.dumps(content, 2).replace(b'numpy._core', b'numpy.core')
    elif form == 'fortran':
        written = pickle.dumps({**content, 'data': np.asfortranarray(content['data'])})
    else:
        written = pickle.dumps(content, form)
    (folder / 'test_batch').write_bytes(written)
    found = build(CheckedCIFAR10, tmp_path, split='test', allow_partial=True)
    for label, info in enumerate(found):
        planes = info['img'].transpose(2, 0, 1).ravel()
        assert info['gt_label'] == label and np.array_equal(planes, content['data'][label])


class Evil:
    def __init__(self, function, *args):
        self.call = function, args

    def __reduce__(self):
        return self.call


@pytest.mark.parametrize(
    ('function', 'protocol'),
    [(exec, 0), (exec, 2), (exec, 4), (np.load, 2), (getattr, 2), (np.ndarray, 2)],
)
def test_code_in_a_file_is_not_run(monkeypatch, tmp_path, protocol, function):
    folder = write_cifar(CheckedCIFAR10, tmp_path)
    monkeypatch.chdir(tmp_path)
    call = Evil(function, 'open("ran", "w")')
    content = {**cifar_content(CheckedCIFAR10), 'data': call}
    (folder / 'test_batch').write_bytes(pickle.dumps(content, protocol))
    message = refusal(CheckedCIFAR10, tmp_path, split='test', allow_partial=True)
    assert message.startswith(f'{folder / "test_batch"} is damaged or not of this data set')
    assert function is np.ndarray or f'.{function.__name__}, which no data' in message
    assert not (tmp_path / 'ran').exists()


@pytest.mark.parametrize(
    ('changes', 'words'),
    [
        (dict(labels=[0] * 19), 'argument 2 is shorter'),
        (dict(labels=[10] * 20), 'labels 10 to 10'),
        (dict(labels=[*range(9)] * 2 + [0, 1]), '9 different ones: expected all of 0 to 9'),
        (dict(data=np.zeros((20, 3071), np.uint8)), 'cannot reshape'),
        (dict(data=np.zeros((20, 3072))), 'an array of f8 instead of bytes'),
        (None, 'is damaged'),  # cut off
    ],
)
def test_wrong_content_is_named(tmp_path, changes, words):
    file = write_cifar(CheckedCIFAR10, tmp_path) / 'test_batch'
    if changes is None:
        file.write_bytes(file.read_bytes()[:-100])
    else:
        edit(file, **changes)
    message = refusal(CheckedCIFAR10, tmp_path, split='test', allow_partial=True)
    assert str(file) in message and words in message


def test_numbers_of_images(small, tmp_path):
    file = write_cifar(CheckedCIFAR10, tmp_path) / 'test_batch'
    edit(file, labels=[*range(10), *range(9), 1])
    assert '20 images instead of 20, 1 to 3' in refusal(CheckedCIFAR10, tmp_path, split='test')
    file.write_bytes(pickle.dumps(cifar_content(CheckedCIFAR10, each=3)))
    message = refusal(CheckedCIFAR10, tmp_path, split='test')
    assert '30 images instead of 20' in message and '--allow-partial' in message
    assert len(build(CheckedCIFAR10, tmp_path, split='test', allow_partial=True)) == 30


@pytest.mark.parametrize('written', [b'', b'MATLAB 5.0', 'cut', 'wrong shape', 'no labels'])
def test_damaged_svhn(tmp_path, written):
    file = write_svhn(tmp_path / 'svhn') / 'test_32x32.mat'
    content = svhn_content()
    if written == 'cut':
        file.write_bytes(file.read_bytes()[:-1000])
    elif written == 'wrong shape':
        scipy.io.savemat(file, {**content, 'X': content['X'][:31]})
    elif written == 'no labels':
        scipy.io.savemat(file, {'X': content['X']})
    else:
        file.write_bytes(written)
    assert str(file) in refusal('SVHN', tmp_path / 'svhn', split='test', allow_partial=True)


def test_splits_and_files(tmp_path):
    assert "no split 'val'" in refusal(CheckedCIFAR10, tmp_path, split='val')
    message = refusal('SVHN', tmp_path, split='extra')
    assert f'{tmp_path}/extra_32x32.mat does not exist' in message and 'prepare_data' in message
