"""The classification data sets come whole: downloaded, from a folder, from an archive."""

import dataclasses
import hashlib
import importlib
import io
import pickle
import tarfile
import zipfile

import pytest
from mmpretrain.datasets import CIFAR10, CIFAR100
from torchvision.datasets import SVHN as TorchvisionSVHN

from lkca_mm.datasets import CheckedCIFAR10
from lkca_mm.datasets.cifar_files import CIFAR10_LAYOUT, count_cifar
from lkca_mm.datasets.prepare import SOURCES, prepare_source
from lkca_mm.datasets.prepare.checksum import split_checksum
from lkca_mm.errors import DataError

FOLDERS = {
    'cifar10': 'cifar-10-batches-py',
    'cifar100': 'cifar-100-python',
    'svhn': 'svhn',
    'tiny-imagenet': 'tiny-imagenet-200',
}
COUNTS = {
    'cifar10': {'train': 50, 'test': 10},
    'cifar100': {'train': 100, 'test': 100},
    'svhn': {'train': 20, 'test': 10},
    'tiny-imagenet': {'train': 400, 'val': 200},
}
SMALL = dataclasses.replace(CIFAR10_LAYOUT, rows={'train': 10, 'test': 10})


@pytest.fixture
def copy(request, make_cifar, tmp_path):
    """Returns a function that makes a miniature: the copy that a user has."""

    def make(name):
        if name.startswith('cifar'):
            return make_cifar(name, tmp_path / FOLDERS[name])
        return request.getfixturevalue(name.partition('-')[0])

    return make


@pytest.fixture
def impatient(monkeypatch):
    """Waits no time between two attempts."""
    module = importlib.import_module('lkca_mm.datasets.prepare.download')
    monkeypatch.setattr(module.time, 'sleep', lambda seconds: None)


def visible(root):
    return sorted(path.name for path in root.iterdir() if not path.name.endswith('.lock'))


def md5(content):
    return f'md5:{hashlib.md5(content).hexdigest()}'


def tgz(folder, extra=()):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode='w:gz') as archive:
        archive.add(folder, folder.name)
        for name in extra:
            archive.addfile(tarfile.TarInfo(name))
    return buffer.getvalue()


def small_cifar(content, checksum=None):
    """CIFAR-10 of 60 pictures, in the archive that the test's server gives."""
    source = SOURCES['cifar10']
    one = dataclasses.replace(source.downloads[0], checksum=checksum or md5(content))
    return dataclasses.replace(
        source,
        downloads=(one,),
        check=lambda folder, allow_partial: count_cifar(SMALL, folder, allow_partial),
    )


@pytest.mark.parametrize('name', FOLDERS)
@pytest.mark.parametrize('origin', ['itself', 'parent', 'archive'])
def test_from_a_copy(copy, tmp_path, name, origin):
    folder = copy(name)
    (folder / 'unrelated.txt').touch()
    place = {'itself': folder, 'parent': folder.parent}.get(origin, tmp_path / 'mine.zip')
    if origin == 'archive':
        with zipfile.ZipFile(place, 'w') as archive:
            for path in folder.rglob('*'):
                archive.write(path, f'{folder.name}/{path.relative_to(folder)}')
    root = tmp_path / 'data'
    with pytest.raises(DataError, match=r'instead of [\d,]+.*--allow-partial') as error:
        prepare_source(SOURCES[name], root, origin=place)
    assert '\n' not in str(error.value) and visible(root) == []
    prepared = prepare_source(SOURCES[name], root, origin=place, allow_partial=True)
    assert (prepared.counts, prepared.changed, prepared.unit) == (COUNTS[name], True, 'images')
    assert visible(root) == [FOLDERS[name]]
    assert not (root / FOLDERS[name] / 'unrelated.txt').exists()
    for part in SOURCES[name].parts:
        assert (root / FOLDERS[name] / part).exists()
    again = prepare_source(SOURCES[name], root, allow_partial=True)
    assert (again.counts, again.changed) == (COUNTS[name], False)


@pytest.mark.parametrize('name', FOLDERS)
def test_a_file_less_is_not_enough(copy, tmp_path, name):
    folder = copy(name)
    part = SOURCES[name].parts[0]
    (folder / part).rename(tmp_path / 'elsewhere')
    with pytest.raises(DataError, match=f'holds no {FOLDERS[name]}: expected .*{part}'):
        prepare_source(SOURCES[name], tmp_path / 'data', origin=folder, allow_partial=True)


def test_extras_are_taken_along(copy, tmp_path):
    for name, extra in (('cifar10', 'batches.meta'), ('cifar100', 'meta'), ('svhn', 'extra')):
        extra = 'extra_32x32.mat' if extra == 'extra' else extra
        folder = copy(name)
        (folder / extra).write_bytes(b'x')
        prepare_source(SOURCES[name], tmp_path / 'data', origin=folder, allow_partial=True)
        assert (tmp_path / 'data' / FOLDERS[name] / extra).read_bytes() == b'x'


def test_whole_by_content_not_by_checksum(copy, tmp_path):
    """A copy that was pickled anew is whole; the checksum is for our own download."""
    folder = copy('cifar10')
    for path in folder.iterdir():
        path.write_bytes(pickle.dumps(pickle.loads(path.read_bytes()), 2))
    source = small_cifar(b'another archive')
    assert prepare_source(source, tmp_path / 'data', origin=folder).counts == COUNTS['cifar10']


def test_cut_download_is_resumed(server, copy, tmp_path, impatient):
    server.content = tgz(copy('cifar10'))
    server.cuts = [5000, 7000]
    root = tmp_path / 'data'
    prepared = prepare_source(small_cifar(server.content), root, url=server.url)
    assert prepared.counts == COUNTS['cifar10'] and visible(root) == ['cifar-10-batches-py']
    assert server.sent == [5000, 7000, len(server.content) - 12000]


def test_wrong_checksum_is_refused(server, copy, tmp_path):
    server.content = tgz(copy('cifar10'))  # a good one, but not the published one
    root = tmp_path / 'data'
    with pytest.raises(DataError, match='is not the expected file: expected md5:c58f30108f') as e:
        prepare_source(SOURCES['cifar10'], root, url=server.url, allow_partial=True)
    assert '\n' not in str(e.value) and not (root / 'cifar-10-batches-py').exists()
    assert not [path for path in root.rglob('*') if path.is_file() and path.suffix != '.lock']


def test_archive_that_climbs_out(server, copy, tmp_path):
    server.content = tgz(copy('cifar10'), ['cifar-10-batches-py/../../../escaped'])
    root = tmp_path / 'data'
    with pytest.raises(DataError, match='unsafe path'):
        prepare_source(small_cifar(server.content), root, url=server.url)
    assert not list(tmp_path.rglob('escaped')) and not (root / 'cifar-10-batches-py').exists()


def small_svhn(folder, **wrong):
    source = SOURCES['svhn']
    downloads = tuple(
        dataclasses.replace(
            one, checksum=wrong.get(one.name[:4], md5((folder / one.name).read_bytes()))
        )
        for one in source.downloads
    )
    return dataclasses.replace(source, downloads=downloads)


def serve_svhn(server, folder):
    server.contents = {path.name: path.read_bytes() for path in folder.iterdir()}
    return server.url.rpartition('/')[0] + '/numbers/'


@pytest.mark.parametrize('slash', ['', '/'])
def test_two_files_are_downloaded(server, svhn, tmp_path, impatient, slash):
    url = serve_svhn(server, svhn).rstrip('/') + slash
    server.cuts = [3000]
    root = tmp_path / 'data'
    prepared = prepare_source(small_svhn(svhn), root, url=url, allow_partial=True)
    assert prepared.counts == COUNTS['svhn'] and visible(root) == ['svhn']
    for path in svhn.iterdir():
        assert (root / 'svhn' / path.name).read_bytes() == path.read_bytes()
    assert len(server.requests) == 3  # the first was cut


def test_what_is_right_is_not_downloaded_again(server, svhn, tmp_path):
    url = serve_svhn(server, svhn)
    root = tmp_path / 'data'
    bad = small_svhn(svhn, test=f'md5:{"0" * 32}')
    with pytest.raises(DataError, match=r'test_32x32\.mat is not the expected file'):
        prepare_source(bad, root, url=url, allow_partial=True)
    assert visible(root) == ['downloads'] and len(server.requests) == 2
    assert visible(root / 'downloads' / 'svhn') == ['train_32x32.mat']
    prepare_source(small_svhn(svhn), root, url=url, allow_partial=True)
    assert visible(root) == ['svhn'] and len(server.requests) == 3


def test_downloads_through_the_class(server, copy, monkeypatch, tmp_path):
    server.content = tgz(copy('cifar10'))
    source = small_cifar(server.content)
    at = dataclasses.replace(source.downloads[0], url=server.url)
    monkeypatch.setattr(CheckedCIFAR10, 'SOURCE', dataclasses.replace(source, downloads=(at,)))
    monkeypatch.setattr(CheckedCIFAR10, 'LAYOUT', SMALL)
    root = tmp_path / 'data'
    with pytest.raises(DataError, match='does not exist; get it with'):
        CheckedCIFAR10(data_root=str(root))
    assert server.requests == []
    assert len(CheckedCIFAR10(data_root=str(root), download=True)) == 50
    assert len(CheckedCIFAR10(data_root=str(root), split='test', download=True)) == 10
    assert len(server.requests) == 1


@pytest.mark.parametrize(('name', 'theirs'), [('cifar10', CIFAR10), ('cifar100', CIFAR100)])
def test_cifar_is_the_published_one(name, theirs):
    (one,) = SOURCES[name].downloads
    assert (one.url, one.name, one.checksum) == (
        theirs.url,
        theirs.filename,
        f'md5:{theirs.tgz_md5}',
    )


def test_svhn_is_the_published_one():
    for one in SOURCES['svhn'].downloads:
        expected = TorchvisionSVHN.split_list[one.name.partition('_')[0]]
        assert [one.url, one.name, one.checksum.removeprefix('md5:')] == expected


def test_checksums_are_well_formed():
    checksums = [one.checksum for source in SOURCES.values() for one in source.downloads]
    assert len([split_checksum(checksum) for checksum in checksums if checksum]) == 6
