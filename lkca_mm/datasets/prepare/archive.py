"""Unpacks an archive that is not trusted."""

import gzip
import re
import shutil
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from lkca_mm.datasets.prepare.staging import staged
from lkca_mm.errors import DataError

ARCHIVE_SUFFIXES = ('.zip', '.tar', '.tar.gz', '.tgz')
# What pictures never reach, and a bomb has to: much more out of an archive than is in it.
_SMALL = 64 << 20
_LONGEST_HEADER = 1 << 20
_DAMAGED = (
    EOFError,
    gzip.BadGzipFile,
    NotImplementedError,
    RuntimeError,
    UnicodeDecodeError,
    tarfile.TarError,
    zipfile.BadZipFile,
    zlib.error,
)


@dataclass(frozen=True)
class _Member:
    """One entry of an archive, whatever its format.

    Attributes:
        name: The path as it is written in the archive.
        kind: 'file', 'folder', or what else it is, in words.
        size: The unpacked size that the archive claims, in bytes.
        open: Opens the content for reading.
    """

    name: str
    kind: str
    size: int
    open: Callable[[], IO[bytes]]


def is_archive(path: Path) -> bool:
    """Whether the name of ``path`` ends like an archive that can be unpacked."""
    return path.name.lower().endswith(ARCHIVE_SUFFIXES)


def unpack(
    archive: str | Path,
    folder: str | Path,
    *,
    wanted: Callable[[PurePosixPath], bool] | None = None,
    max_bytes: int = 32 << 30,
    max_files: int = 1_000_000,
    max_ratio: float = 50.0,
) -> Path:
    """Unpacks a .zip, .tar, .tar.gz or .tgz archive into a new folder.

    Only plain files and folders are unpacked, with the permissions of newly
    made files. The folder appears when everything has been written.

    Args:
        archive: The archive; its format is told by its name.
        folder: The folder to make. An older one is replaced.
        wanted: Says of each path in the archive whether to unpack it; all if None.
        max_bytes: The most bytes that may be written.
        max_files: The most entries that the archive may hold.
        max_ratio: The most bytes that may come out of each byte of the archive, once they
            are more than 64 MiB.

    Returns:
        ``folder``.

    Raises:
        DataError: The archive is damaged, tries to write outside the folder,
            holds links or devices, or grows beyond the limits.
    """
    archive, folder = Path(archive), Path(folder)
    if not is_archive(archive):
        raise DataError(f'{archive} is not an archive: expected one of {ARCHIVE_SUFFIXES}')
    read = _zip_members if archive.name.lower().endswith('.zip') else _tar_members
    try:
        room = max(_SMALL, int(max_ratio * archive.stat().st_size))
        with staged(folder) as stage:
            written = 0
            for count, member in enumerate(read(archive), start=1):
                if count > max_files:
                    raise DataError(f'{archive} holds more than {max_files} entries: not unpacked')
                path = _inner_path(archive, member.name)
                if wanted is not None and not wanted(path):
                    continue
                if written + member.size > max_bytes:
                    raise DataError(
                        f'{archive} unpacks to more than {max_bytes} bytes: not unpacked'
                    )
                if written + member.size > room:
                    raise DataError(
                        f'{archive} unpacks to more than {max_ratio:g} times its size: not unpacked'
                    )
                written += _extract(archive, member, stage / path)
    except _DAMAGED as error:
        raise DataError(f'{archive} is damaged or encrypted: {error or "it ends early"}') from error
    except OSError as error:
        raise DataError(
            f'cannot unpack {archive} into {folder.parent}: {error.strerror or error}'
        ) from error
    return folder


def _inner_path(archive: Path, name: str) -> PurePosixPath:
    """Returns a member's name as a path that stays inside the folder."""
    path = PurePosixPath(name)
    if (
        not name
        or path.is_absolute()
        or '..' in path.parts
        or '\\' in name
        or '\0' in name
        or re.match(r'[A-Za-z]:', name)
    ):
        raise DataError(f'{archive} holds the unsafe path {name!r}: not unpacked')
    return path


def _extract(archive: Path, member: _Member, target: Path) -> int:
    """Writes one member; returns its size in bytes."""
    if member.kind == 'folder':
        target.mkdir(parents=True, exist_ok=True)
        return 0
    if member.kind != 'file':
        raise DataError(f'{archive} holds {member.name!r}, {member.kind}: not unpacked')
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        output = target.open('xb')
    except (FileExistsError, NotADirectoryError) as error:
        raise DataError(f'{archive} holds {member.name!r} twice: not unpacked') from error
    # Neither zipfile nor tarfile gives more bytes than the archive claims, so the
    # claimed sizes that were added up are a true upper bound.
    with output, member.open() as content:
        shutil.copyfileobj(content, output)
        written = output.tell()
    if written != member.size:
        raise EOFError(f'{member.name!r} has {written} of {member.size} bytes')
    return written


def _zip_members(path: Path) -> Iterator[_Member]:
    with zipfile.ZipFile(path) as archive:
        for info in archive.infolist():
            mode = info.external_attr >> 16
            # Not `info.is_dir()`, which needs a name.
            kind = 'folder' if info.filename.endswith('/') else 'file'
            if stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR):
                kind = 'a link' if stat.S_ISLNK(mode) else 'a device or another special file'
            # zipfile turns backslashes into slashes on Windows; judge the original.
            name = info.orig_filename
            yield _Member(name, kind, info.file_size, lambda info=info: archive.open(info))


class _ShortReads:
    """A file of which nothing long is read at once.

    tarfile reads the names in a header as a whole, however long the header says they are.

    Args:
        file: The file, unpacked on the fly or not.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.seek, self.tell = file.seek, file.tell

    def read(self, size: int) -> bytes:
        """Returns the next bytes."""
        if not 0 <= size <= _LONGEST_HEADER:
            raise tarfile.ReadError(f'a header of {size} bytes')
        return self._file.read(size)


def _tar_members(path: Path) -> Iterator[_Member]:
    plain = path.name.lower().endswith('.tar')
    with (
        path.open('rb') if plain else gzip.open(path) as file,
        tarfile.open(fileobj=_ShortReads(file), mode='r:') as archive,
    ):
        for info in archive:
            if info.isdir():
                kind = 'folder'
            elif info.isreg():
                kind = 'file'
            else:
                linked = info.issym() or info.islnk()
                kind = 'a link' if linked else 'a device or another special file'
            yield _Member(info.name, kind, info.size, lambda info=info: archive.extractfile(info))
