"""A data set comes from the net, a folder or an archive, and is whole or not there."""

import functools
import hashlib
import http.server
import io
import tarfile
import threading
import zipfile
from pathlib import Path

import pytest
from miniatures import write_cifar, write_pairs, write_svhn, write_tiny

from lkca_mm.datasets import CheckedCIFAR10, CheckedCIFAR100
from lkca_mm.datasets.prepare import SOURCES, prepare, whole_folder
from lkca_mm.errors import DataError

CAMVID = {(split, f'{split}annot', '.png'): ['a', 'b'] for split in ('train', 'val', 'test')}
ADE20K = {
    (f'images/{split}', f'annotations/{split}', '.jpg'): ['a', 'b', 'c']
    for split in ('training', 'validation')
}


def write(name, root):
    """Writes a miniature of a data set into its folder in ``root``."""
    folder = root / SOURCES[name].folder
    if name == 'cifar10':
        write_cifar(CheckedCIFAR10, root)
    elif name == 'cifar100':
        write_cifar(CheckedCIFAR100, root)
    elif name in ('svhn', 'tiny-imagenet'):
        (write_svhn if name == 'svhn' else write_tiny)(folder)
    else:
        write_pairs(folder, CAMVID if name == 'camvid' else ADE20K)
    (folder / 'junk.txt').write_text('is not copied')
    return folder


def contents(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob('*')
        if path.is_file() and path.name != 'junk.txt'
    }


def pack(folder, archive, prefix):
    """Packs a folder as its format's name says."""
    if archive.suffix == '.zip':
        with zipfile.ZipFile(archive, 'w') as file:
            for name, content in contents(folder).items():
                file.writestr(prefix + name, content)
    else:
        with tarfile.open(archive, 'w:gz' if archive.suffix == '.tgz' else 'w') as file:
            for name, content in contents(folder).items():
                member = tarfile.TarInfo(prefix + name)
                member.size = len(content)
                file.addfile(member, io.BytesIO(content))
    return archive


def refusal(*args, **options):
    with pytest.raises(DataError) as error:
        prepare(*args, **options)
    assert '\n' not in str(error.value)
    return str(error.value)


@pytest.mark.parametrize(
    ('name', 'parent'), [*((name, False) for name in SOURCES), ('camvid', True), ('cifar10', True)]
)
def test_from_a_folder(tmp_path, name, parent):
    mine, root = write(name, tmp_path / 'mine'), tmp_path / 'data'
    origin = mine.parent if parent else mine
    assert 'images instead of' in refusal(name, root, origin)
    assert not list(root.iterdir())
    done = prepare(name, root, origin, allow_partial=True)
    assert done.changed and done.folder == root / mine.name and min(done.counts.values()) > 1
    assert contents(done.folder) == contents(mine)
    assert not (done.folder / 'junk.txt').exists()
    again = prepare(name, root, origin, allow_partial=True)
    assert again == done._replace(changed=False)
    assert f'remove {done.folder} and run this again' in refusal(name, root)


@pytest.mark.parametrize('prefix', ['', 'CamVid/', 'repo-1/CamVid/', 'anything/'])
@pytest.mark.parametrize('suffix', ['.zip', '.tar', '.tgz'])
def test_from_an_archive(tmp_path, prefix, suffix):
    mine, root = write('camvid', tmp_path), tmp_path / 'data'
    archive = pack(mine, tmp_path / f'mine{suffix}', prefix)
    done = prepare('camvid', root, archive, allow_partial=True)
    assert done.counts == {'train': 2, 'val': 2, 'test': 2}
    assert contents(done.folder) == contents(mine)
    assert [path.name for path in root.iterdir()] == ['CamVid']


def test_copies_that_do_not_fit(tmp_path):
    mine, root = write('camvid', tmp_path), tmp_path / 'data'
    (mine / 'valannot' / 'b.png').unlink()
    message = refusal('camvid', root, mine, allow_partial=True)
    assert f'{mine}/valannot/b.png does not exist' in message
    assert 'holds no svhn: expected test_32x32.mat' in refusal('svhn', root, mine)
    assert 'nowhere holds no CamVid' in refusal('camvid', root, tmp_path / 'nowhere')
    (tmp_path / 'notes.txt').write_text('x')
    assert 'notes.txt cannot be unpacked' in refusal('camvid', root, tmp_path / 'notes.txt')
    assert not list(root.iterdir())


@pytest.mark.parametrize('suffix', ['.zip', '.tar'])
@pytest.mark.parametrize(
    ('name', 'kind', 'target'),
    [
        ('../out', tarfile.REGTYPE, ''),
        ('/tmp/lkca-mm-out', tarfile.REGTYPE, ''),
        ('train/../../out', tarfile.REGTYPE, ''),
        ('C:\\out', tarfile.REGTYPE, ''),
        ('train/x', tarfile.SYMTYPE, '../../out'),
        ('train/x', tarfile.LNKTYPE, '/tmp/lkca-mm-out'),
        ('train/x', tarfile.CHRTYPE, ''),
    ],
)
def test_no_archive_writes_outside_its_folder(tmp_path, name, kind, target, suffix):
    """Whatever a member is called or links to: it is refused or left out."""
    mine, root = write('camvid', tmp_path / 'mine'), tmp_path / 'room' / 'data'
    archive = pack(mine, tmp_path / f'mine{suffix}', 'CamVid/')
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, target
    if suffix == '.zip':
        with zipfile.ZipFile(archive, 'a') as file:
            file.writestr(name, b'out')
    else:
        with tarfile.open(archive, 'a') as file:
            file.addfile(member)
    before = set(tmp_path.rglob('*'))
    try:
        done = prepare('camvid', root, archive, allow_partial=True)
        assert contents(done.folder) == contents(mine)
    except DataError as error:
        assert str(archive) in str(error) and '\n' not in str(error)
        assert not list(root.iterdir())
    places = {root.parent, root, root / 'CamVid'}
    new = {*tmp_path.rglob('*')} - before
    assert all(path in places or root / 'CamVid' in path.parents for path in new)
    assert not Path('/tmp/lkca-mm-out').exists()


def test_archive_that_is_cut_off_is_refused(tmp_path):
    for suffix in ('.zip', '.tar', '.tgz'):
        archive = pack(write('camvid', tmp_path / suffix), tmp_path / f'mine{suffix}', 'CamVid/')
        archive.write_bytes(archive.read_bytes()[: archive.stat().st_size // 2])
        message = refusal('camvid', tmp_path / 'data', archive, allow_partial=True)
        assert str(archive) in message and not list((tmp_path / 'data').iterdir())


class Handler(http.server.SimpleHTTPRequestHandler):
    """Serves files, and breaks off in the middle while ``broken``."""

    broken = False

    def log_message(self, *args):
        pass

    def copyfile(self, source, outputfile):
        content = source.read()
        outputfile.write(content[: len(content) // 2] if self.broken else content)


@pytest.fixture
def served(tmp_path):
    """A folder and its address."""
    folder = tmp_path / 'served'
    folder.mkdir()
    handler = functools.partial(Handler, directory=folder)
    with http.server.ThreadingHTTPServer(('127.0.0.1', 0), handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield folder, f'http://127.0.0.1:{server.server_address[1]}'
        server.shutdown()


def known_by(monkeypatch, name, files):
    """Makes files count as the published ones."""
    md5s = [hashlib.md5(path.read_bytes()).hexdigest() for path in files]
    known = dict(zip(SOURCES[name].files, md5s, strict=True))
    monkeypatch.setitem(SOURCES, name, SOURCES[name]._replace(files=known))


def test_download(monkeypatch, tmp_path, served, capfd):
    folder, url = served
    mine, root = write('cifar10', tmp_path / 'mine'), tmp_path / 'data'
    archive = pack(mine, folder / 'cifar-10.tgz', 'cifar-10-batches-py/')
    archive = archive.rename(folder / 'cifar-10-python.tar.gz')
    url = f'{url}/{archive.name}'
    message = refusal('cifar10', root, url=url, allow_partial=True)
    assert message.startswith(f'{url} cannot be downloaded: ')  # its MD5 is not the official one
    known_by(monkeypatch, 'cifar10', [archive])
    monkeypatch.setattr(Handler, 'broken', True)
    assert f'{url} cannot be downloaded' in refusal('cifar10', root, url=url, allow_partial=True)
    assert not list(root.iterdir())
    monkeypatch.setattr(Handler, 'broken', False)
    capfd.readouterr()
    done = prepare('cifar10', root, url=url, allow_partial=True)
    assert contents(done.folder) == contents(mine)
    assert [path.name for path in root.iterdir()] == ['cifar-10-batches-py']
    assert '100%' in capfd.readouterr().err  # progress


def test_download_of_several_files(monkeypatch, tmp_path, served):
    folder, url = served
    mine = write_svhn(folder / 'svhn')
    files = [mine / f'{split}_32x32.mat' for split in ('train', 'test')]
    known_by(monkeypatch, 'svhn', files)
    done = prepare('svhn', tmp_path / 'data', url=f'{url}/svhn/', allow_partial=True)
    assert contents(done.folder) == contents(mine)
    files[1].unlink()
    message = refusal('svhn', tmp_path / 'other', url=f'{url}/svhn', allow_partial=True)
    assert f'{url}/svhn/test_32x32.mat cannot be downloaded: HTTP Error 404' in message


def test_whole_folder(tmp_path):
    for content in ('old', 'new'):
        with whole_folder(tmp_path / 'a' / 'b') as stage:
            (stage / 'file').write_text(content)
    with pytest.raises(KeyboardInterrupt), whole_folder(tmp_path / 'a' / 'b') as stage:
        (stage / 'file').write_text('newest')
        raise KeyboardInterrupt
    assert [path.name for path in (tmp_path / 'a').iterdir()] == ['b']
    assert (tmp_path / 'a' / 'b' / 'file').read_text() == 'new'
