"""Archives that attack, lie, or end early."""

import gzip
import io
import stat
import tarfile
import zipfile

import pytest

from lkca_mm.datasets.prepare import unpack
from lkca_mm.errors import DataError

FILES = {'top/a.txt': b'alpha', 'top/deep/b.bin': bytes(range(256)) * 100, 'c': b''}
FORMATS = ['.zip', '.tar', '.tar.gz', '.tgz']


def write_tar(path, members):
    mode = 'w' if path.name.endswith('.tar') else 'w:gz'
    with tarfile.open(path, mode) as archive:
        for info, content in members:
            archive.addfile(info, io.BytesIO(content) if content is not None else None)


def tar_member(name, content=b'x', kind=tarfile.REGTYPE, link=''):
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, link
    info.size = len(content) if kind == tarfile.REGTYPE else 0
    return info, content if kind == tarfile.REGTYPE else None


def write_zip(path, members, mode=stat.S_IFREG | 0o644):
    with zipfile.ZipFile(path, 'w', zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            info = zipfile.ZipInfo('placeholder')
            info.filename = name
            info.external_attr = mode << 16
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, content)


def write(path, files):
    if path.suffix == '.zip':
        write_zip(path, files.items())
    else:
        write_tar(path, [tar_member(name, content) for name, content in files.items()])
    return path


def assert_refused(archive, folder, match, **limits):
    before = set(folder.parent.rglob('*'))
    with pytest.raises(DataError, match=match) as error:
        unpack(archive, folder, **limits)
    assert archive.name in str(error.value)
    assert '\n' not in str(error.value)
    assert set(folder.parent.rglob('*')) == before


@pytest.fixture
def place(tmp_path):
    inner = tmp_path / 'one' / 'two'  # room for '..' to escape to
    inner.mkdir(parents=True)
    return inner


@pytest.mark.parametrize('suffix', FORMATS)
def test_unpacks_every_byte(place, suffix):
    archive = write(place / f'a{suffix}', FILES)
    folder = unpack(archive, place / 'out')
    found = {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob('*.*')}
    assert found == {name: content for name, content in FILES.items() if '.' in name}
    assert (folder / 'c').read_bytes() == b''
    assert sorted(path.name for path in place.iterdir()) == [f'a{suffix}', 'out']


def test_unpacks_only_what_is_wanted(place):
    archive = write(place / 'a.zip', FILES)
    folder = unpack(archive, place / 'out', wanted=lambda path: 'deep' in path.parts)
    assert [path.name for path in folder.rglob('*') if path.is_file()] == ['b.bin']


@pytest.mark.parametrize('suffix', FORMATS)
@pytest.mark.parametrize(
    'name',
    [
        '/abs',
        '../up',
        'a/../../up',
        'a/..',
        'C:/windows',
        'c:relative',
        'a\\b',
        '..\\up',
        '\\\\host\\share',
        '',
    ],
)
def test_refuses_paths_that_lead_out(place, suffix, name):
    archive = write(place / f'a{suffix}', {'fine': b'1', name: b'evil'})
    assert_refused(archive, place / 'out', 'unsafe path')
    # An unsafe path shows an attack even where the file is not wanted.
    assert_refused(archive, place / 'out', 'unsafe path', wanted=lambda path: False)


@pytest.mark.parametrize('suffix', ['.tar', '.tar.gz'])
@pytest.mark.parametrize(
    ('kind', 'words'),
    [
        (tarfile.SYMTYPE, 'a link'),
        (tarfile.LNKTYPE, 'a link'),
        (tarfile.CHRTYPE, 'a device'),
        (tarfile.BLKTYPE, 'a device'),
        (tarfile.FIFOTYPE, 'a device'),
    ],
)
def test_refuses_links_and_devices_in_tar(place, suffix, kind, words):
    archive = place / f'a{suffix}'
    members = [tar_member('fine'), tar_member('evil', kind=kind, link='../../fine')]
    write_tar(archive, members)
    assert_refused(archive, place / 'out', f"'evil', {words}")


def test_does_not_write_through_a_link(place):
    archive = place / 'a.tar'
    link = tar_member('door', kind=tarfile.SYMTYPE, link=str(place))
    write_tar(archive, [link, tar_member('door/evil')])
    assert_refused(archive, place / 'out', 'a link')


@pytest.mark.parametrize('kind', [stat.S_IFLNK, stat.S_IFCHR, stat.S_IFIFO])
def test_refuses_links_and_devices_in_zip(place, kind):
    archive = place / 'a.zip'
    write_zip(archive, [('evil', b'/etc/hostname')], mode=kind | 0o777)
    assert_refused(archive, place / 'out', "'evil', a ")


@pytest.mark.parametrize('suffix', FORMATS)
def test_refuses_bombs(place, suffix):
    archive = write(place / f'a{suffix}', {'big': bytes(2_000_000), 'small': b'1'})
    assert_refused(archive, place / 'out', 'more than 1000000 bytes', max_bytes=1_000_000)
    assert_refused(archive, place / 'out', 'more than 1 entries', max_files=1)
    unpack(archive, place / 'out', max_bytes=2_000_001, max_files=2)


@pytest.mark.parametrize('suffix', ['.zip', '.tar.gz'])
def test_refuses_what_is_much_larger_outside_than_inside(place, suffix):
    archive = write(place / f'a{suffix}', {'big': bytes(65 << 20)})
    assert_refused(archive, place / 'out', 'more than 50 times its size')
    unpack(archive, place / 'out', max_ratio=2000)
    assert (place / 'out' / 'big').stat().st_size == 65 << 20


@pytest.mark.parametrize('suffix', ['.tar', '.tar.gz'])
@pytest.mark.parametrize('kind', [tarfile.GNUTYPE_LONGNAME, tarfile.XHDTYPE])
def test_refuses_headers_that_would_fill_the_memory(place, suffix, kind):
    """tarfile reads a long name whole: 64 GiB as the header says, 2 MiB that are there."""
    info = tarfile.TarInfo('x')
    info.type, info.size = kind, 64 << 30
    archive = place / f'a{suffix}'
    opened = gzip.open if suffix == '.tar.gz' else open
    with opened(archive, 'wb') as file:
        file.write(info.tobuf(tarfile.GNU_FORMAT) + b'a' * (2 << 20))
    assert_refused(archive, place / 'out', 'a header of 68719476736 bytes')


def test_refuses_a_zip_that_lies_about_its_sizes(place):
    archive = write(place / 'a.zip', {'big': bytes(2_000_000)})
    content = bytearray(archive.read_bytes())
    at = content.index(b'PK\x01\x02')
    content[at + 24 : at + 28] = (10).to_bytes(4, 'little')
    archive.write_bytes(content)
    assert_refused(archive, place / 'out', 'damaged|more than', max_bytes=1_000_000)


@pytest.mark.parametrize('suffix', FORMATS)
def test_refuses_the_same_name_twice(place, suffix):
    archive = place / f'a{suffix}'
    if suffix == '.zip':
        with pytest.warns(UserWarning, match='Duplicate'):
            write_zip(archive, [('a', b'1'), ('a', b'2')])
    else:
        write_tar(archive, [tar_member('a'), tar_member('a')])
    assert_refused(archive, place / 'out', "'a' twice")


@pytest.mark.parametrize('suffix', FORMATS)
def test_refuses_a_file_used_as_a_folder(place, suffix):
    archive = write(place / f'a{suffix}', {'a': b'1', 'a/b': b'2'})
    assert_refused(archive, place / 'out', 'twice')


@pytest.mark.parametrize('suffix', FORMATS)
@pytest.mark.parametrize('share', [0, 0.3, 0.7])
def test_refuses_archives_that_are_cut_off(place, suffix, share):
    archive = write(place / f'a{suffix}', {'a': bytes(range(256)) * 40})
    content = archive.read_bytes()
    archive.write_bytes(content[: int(share * min(len(content), 10_000))])
    assert_refused(archive, place / 'out', 'damaged')


def test_refuses_a_wrong_sum_in_a_zip(place):
    archive = place / 'a.zip'
    with zipfile.ZipFile(archive, 'w', zipfile.ZIP_STORED) as file:
        file.writestr('a', b'precious')
    archive.write_bytes(archive.read_bytes().replace(b'precious', b'spurious'))
    assert_refused(archive, place / 'out', 'damaged')


def test_refuses_what_is_no_archive(place):
    (place / 'a.rar').write_bytes(b'x')
    assert_refused(place / 'a.rar', place / 'out', 'not an archive')
    assert_refused(place / 'none.zip', place / 'out', 'No such file')


def test_cleans_up_after_an_interrupted_run(place):
    archive = write(place / 'a.zip', FILES)
    half = place / '.out.partial'
    (half / 'top').mkdir(parents=True)
    (half / 'top' / 'leftover.txt').write_text('half')
    folder = unpack(archive, place / 'out')
    assert not (folder / 'top' / 'leftover.txt').exists()
    assert not half.exists()


def test_replaces_an_older_folder_only_when_whole(place):
    good, bad = write(place / 'good.zip', FILES), write(place / 'bad.zip', {'../x': b''})
    (place / 'out').mkdir()
    (place / 'out' / 'old').write_text('old')
    assert_refused(bad, place / 'out', 'unsafe')
    assert (place / 'out' / 'old').exists()
    unpack(good, place / 'out')
    assert not (place / 'out' / 'old').exists()


def test_recovers_the_old_folder_after_a_kill_between_the_renames(place):
    bad = write(place / 'bad.zip', {'../x': b''})
    (place / '.out.retired').mkdir()
    (place / '.out.retired' / 'old').write_text('old')
    with pytest.raises(DataError):
        unpack(bad, place / 'out')
    assert (place / 'out' / 'old').read_text() == 'old'
