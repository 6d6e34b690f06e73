"""A data set comes from the net, a folder or an archive, and is whole or not there."""

import dataclasses
import hashlib
import io
import tarfile
import zipfile

import pytest

from lkca_mm.datasets.prepare import (
    ADE20K,
    CAMVID,
    Download,
    Source,
    Split,
    check_pairs,
    prepare_source,
)
from lkca_mm.datasets.prepare.lock import sole_writer
from lkca_mm.errors import DataError

SPLITS = (Split('train', 'train', 'trainannot', 2), Split('test', 'test', 'testannot', 1))
FILES = {
    f'{split}{kind}/{name}.png': f'{split}{kind}{name}'.encode()
    for split, names in (('train', 'ab'), ('test', 'c'))
    for name in names
    for kind in ('', 'annot')
}


def check(folder, allow_partial):
    return check_pairs(folder, SPLITS, allow_partial)


TOY = Source(
    folder='Toy',
    downloads=(Download('http://localhost:9/unused.zip', 'toy.zip'),),
    parts=('train', 'trainannot', 'test', 'testannot'),
    extras=('readme.txt',),
    check=check,
)


def known_by(checksum):
    return dataclasses.replace(
        TOY, downloads=(dataclasses.replace(TOY.downloads[0], checksum=checksum),)
    )


def fill(folder, files):
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def zipped(files, prefix=''):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, 'w') as archive:
        for name, content in files.items():
            archive.writestr(prefix + name, content)
    return buffer.getvalue()


def contents(folder):
    return {
        p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob('*') if p.is_file()
    }


def visible(root):
    return sorted(path.name for path in root.iterdir() if not path.name.endswith('.lock'))


def test_downloads_checks_and_tidies_up(server, tmp_path):
    server.content = zipped({**FILES, 'readme.txt': b'hi', 'junk.bin': b''}, 'repo-1/Toy/')
    source = known_by('sha256:' + hashlib.sha256(server.content).hexdigest())
    first = prepare_source(source, tmp_path, url=server.url)
    assert (first.changed, first.counts) == (True, {'train': 2, 'test': 1})
    assert contents(tmp_path / 'Toy') == {**FILES, 'readme.txt': b'hi'}
    assert visible(tmp_path) == ['Toy']
    again = prepare_source(source, tmp_path, url=server.url)
    assert (again.changed, again.counts) == (False, first.counts)
    assert len(server.requests) == 1


def test_checksum_is_compared_before_anything_is_unpacked(server, tmp_path, monkeypatch):
    def unpack(*args, **kwargs):
        raise AssertionError('an unknown archive was opened')

    monkeypatch.setattr('lkca_mm.datasets.prepare.source.unpack', unpack)
    server.content = zipped(FILES)
    source = known_by('sha256:' + hashlib.sha256(server.content + b'.').hexdigest())
    with pytest.raises(DataError, match='is not the expected file: expected sha256'):
        prepare_source(source, tmp_path, url=server.url)
    assert visible(tmp_path) == ['downloads'] and not list((tmp_path / 'downloads').iterdir())
    right = known_by('sha256:' + hashlib.sha256(server.content).hexdigest())
    with pytest.raises(AssertionError, match='was opened'):
        prepare_source(right, tmp_path, url=server.url)


@pytest.mark.parametrize('verified', [True, False])
def test_incomplete_download_is_not_installed(server, tmp_path, verified):
    files = {name: content for name, content in FILES.items() if 'test' not in name}
    server.content = zipped(files)
    digest = hashlib.sha256(server.content).hexdigest()
    source = known_by(f'sha256:{digest}' if verified else None)
    with pytest.raises(DataError, match=r'toy\.zip holds no Toy'):
        prepare_source(source, tmp_path, url=server.url)
    # Bytes known to be right are kept, unknown ones must not be found again.
    assert visible(tmp_path) == (['downloads'] if verified else [])


@pytest.mark.parametrize('parent', [False, True], ids=['itself', 'parent'])
def test_from_a_folder(tmp_path, parent):
    mine = fill(tmp_path / 'mine' / 'Toy', {**FILES, 'readme.txt': b'hi', 'other.txt': b''})
    root = tmp_path / 'data'
    prepared = prepare_source(TOY, root, origin=mine.parent if parent else mine)
    assert prepared.changed
    assert contents(root / 'Toy') == {**FILES, 'readme.txt': b'hi'}


@pytest.mark.parametrize('prefix', ['', 'Toy/', 'repo/Toy/', 'anything/'])
@pytest.mark.parametrize('suffix', ['.zip', '.tar', '.tgz'])
def test_from_an_archive(tmp_path, prefix, suffix):
    archive = tmp_path / f'mine{suffix}'
    if suffix == '.zip':
        archive.write_bytes(zipped(FILES, prefix))
    else:
        with tarfile.open(archive, 'w' if suffix == '.tar' else 'w:gz') as tar:
            for name, content in FILES.items():
                info = tarfile.TarInfo(prefix + name)
                info.size = len(content)
                tar.addfile(info, io.BytesIO(content))
    prepare_source(TOY, tmp_path / 'data', origin=archive)
    assert contents(tmp_path / 'data' / 'Toy') == FILES
    assert archive.exists()
    assert visible(tmp_path / 'data') == ['Toy']


@pytest.mark.parametrize('as_archive', [True, False])
def test_a_part_needs_leave(tmp_path, as_archive):
    part = {name: c for name, c in FILES.items() if not name.endswith('b.png')}
    origin = fill(tmp_path / 'mine', part)
    if as_archive:
        origin = tmp_path / 'mine.zip'
        origin.write_bytes(zipped(part))
    root = tmp_path / 'data'
    with pytest.raises(DataError, match=r'train holds 1 images instead of 2') as error:
        prepare_source(TOY, root, origin=origin)
    assert '\n' not in str(error.value)
    assert visible(root) == []
    prepared = prepare_source(TOY, root, origin=origin, allow_partial=True)
    assert prepared.counts == {'train': 1, 'test': 1}
    # Without leave the part is not taken for the whole later on either.
    with pytest.raises(DataError, match=r'instead of 2.*remove .*Toy'):
        prepare_source(TOY, root, origin=origin)
    (root / 'Toy' / 'trainannot' / 'a.png').unlink()
    with pytest.raises(DataError, match=r'holds no \.png files'):
        prepare_source(TOY, root, origin=origin, allow_partial=True)


@pytest.mark.parametrize('name', ['none', 'text.txt', 'empty'])
def test_origin_that_cannot_be_used(tmp_path, name):
    (tmp_path / 'text.txt').write_text('x')
    (tmp_path / 'empty').mkdir()
    with pytest.raises(DataError, match=name):
        prepare_source(TOY, tmp_path / 'data', origin=tmp_path / name)
    assert visible(tmp_path / 'data') == []


def test_root_that_cannot_be_written(tmp_path):
    (tmp_path / 'file').write_text('x')
    with pytest.raises(DataError, match='cannot write'):
        prepare_source(TOY, tmp_path / 'file', origin=fill(tmp_path / 'mine', FILES))


def test_leftovers_of_a_killed_run_are_cleaned(tmp_path):
    root = tmp_path / 'data'
    fill(root / '.Toy.unpacked', {'train/old.png': b''})
    fill(root / '.Toy.partial', {'train/old.png': b''})
    prepare_source(TOY, root, origin=fill(tmp_path / 'mine', FILES))
    assert visible(root) == ['Toy']
    assert contents(root / 'Toy') == FILES


def test_two_at_once_are_kept_apart(tmp_path):
    pytest.importorskip('fcntl')
    origin = fill(tmp_path / 'mine', FILES)
    with (
        sole_writer(tmp_path / 'Toy'),
        pytest.raises(DataError, match='another process is preparing'),
    ):
        prepare_source(TOY, tmp_path, origin=origin)
    assert prepare_source(TOY, tmp_path, origin=origin).changed


def test_camvid_wants_its_own_pictures(tmp_path):
    counts = {'train': 367, 'val': 101, 'test': 233}
    files = {
        f'{split}{kind}/{i:04d}.png': b''
        for split, count in counts.items()
        for kind in ('', 'annot')
        for i in range(count)
    }
    origin = fill(tmp_path / 'CamVid', files)
    with pytest.raises(DataError, match='is not the published CamVid'):
        prepare_source(CAMVID, tmp_path / 'data', origin=origin)
    assert CAMVID.check(origin, True) == counts


def test_ade20k_wants_all_its_pairs(tmp_path):
    files = {
        f'{kind}/{split}/{i}.{suffix}': b''
        for split in ('training', 'validation')
        for kind, suffix in (('images', 'jpg'), ('annotations', 'png'))
        for i in range(3)
    }
    origin = fill(tmp_path / 'ADEChallengeData2016', files)
    with pytest.raises(DataError, match='holds 3 images instead of 20210'):
        prepare_source(ADE20K, tmp_path / 'data', origin=tmp_path)
    prepared = prepare_source(ADE20K, tmp_path / 'data', origin=origin, allow_partial=True)
    assert prepared.counts == {'training': 3, 'validation': 3}
