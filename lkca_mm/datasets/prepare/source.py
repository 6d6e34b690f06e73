"""Brings a published data set to its place: downloaded, or from a copy the user has."""

import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from lkca_mm.datasets.prepare.archive import is_archive, unpack
from lkca_mm.datasets.prepare.download import download
from lkca_mm.datasets.prepare.lock import sole_writer
from lkca_mm.datasets.prepare.staging import remove, staged
from lkca_mm.errors import DataError


@dataclass(frozen=True)
class Download:
    """A file on the net.

    Attributes:
        url: Where it is.
        name: What it is called here; the ending of an archive tells its format.
        checksum: Its checksum; None if the host does not promise stable bytes,
            then ``Source.check`` must look at the content.
    """

    url: str
    name: str
    checksum: str | None = None


@dataclass(frozen=True)
class Source:
    """What there is to know about a published data set.

    Attributes:
        folder: The name of its folder.
        downloads: One archive of the data set, or its files one by one, named
            as the parts are.
        parts: The files and sub-folders that make up the data set.
        check: Checks a folder (second argument: whether a part of the data set
            will do) and returns the number of samples in each split. Raises
            DataError.
        extras: Files that are taken along where they exist.
        unit: What a sample is called.
        max_bytes: More than the data set's unpacked size.
        max_files: More than the entries in its archive.
    """

    folder: str
    downloads: tuple[Download, ...]
    parts: tuple[str, ...]
    check: Callable[[Path, bool], dict[str, int]]
    extras: tuple[str, ...] = ()
    unit: str = 'pairs'
    max_bytes: int = 4 << 30
    max_files: int = 100_000


@dataclass(frozen=True)
class Prepared:
    """A data set that is in its place.

    Attributes:
        folder: Where it is.
        counts: The number of samples in each split.
        changed: Whether this call put it there.
        unit: What a sample is called.
    """

    folder: Path
    counts: dict[str, int]
    changed: bool
    unit: str = 'pairs'


def prepare_source(
    source: Source,
    root: str | Path,
    *,
    origin: str | Path | None = None,
    url: str | None = None,
    allow_partial: bool = False,
) -> Prepared:
    """Puts a data set into ``root / source.folder``, whole or not at all.

    Args:
        source: The data set.
        root: The folder of all data sets.
        origin: A folder or an archive that holds it; downloaded if None. The
            folder may be the data set's own or its parent.
        url: Downloads from this address instead of the published one; the checks
            stay the same. Where the data set is several files, it is the address
            of the folder that holds them.
        allow_partial: Accepts a part of the data set as long as it is consistent.

    Returns:
        Where it is and what it holds. Nothing is done if it is there already.

    Raises:
        DataError: It cannot be had, is not whole, or something else is in its place.
    """
    target = Path(root) / source.folder
    downloads = Path(root) / 'downloads'
    downloaded = _download_places(source, downloads)
    try:
        with sole_writer(target):
            unpacked = target.with_name(f'.{source.folder}.unpacked')
            remove(unpacked)
            if target.exists():
                try:
                    counts = source.check(target, allow_partial)
                except DataError as error:
                    raise DataError(f'{error}; or remove {target} and run this again') from error
                _clear_downloads(downloads, downloaded.values())
                return Prepared(target, counts, changed=False, unit=source.unit)
            place = _download(downloaded, url) if origin is None else Path(origin)
            try:
                counts = _install(source, place, unpacked, target, allow_partial)
            except DataError:
                if origin is None:  # nothing says that bytes without a checksum are right
                    unknown = [path for one, path in downloaded.items() if one.checksum is None]
                    _clear_downloads(downloads, unknown)
                raise
            if origin is None:
                _clear_downloads(downloads, downloaded.values())
            return Prepared(target, counts, changed=True, unit=source.unit)
    except OSError as error:
        raise DataError(
            f'cannot write {error.filename or target}: {error.strerror or error}'
        ) from error


def _download_places(source: Source, folder: Path) -> dict[Download, Path]:
    """Returns where each download goes: several files have a folder of their own."""
    if len(source.downloads) > 1:
        folder = folder / source.folder
    return {one: folder / one.name for one in source.downloads}


def _download(downloaded: dict[Download, Path], url: str | None) -> Path:
    """Downloads what is missing; returns the archive, or the folder of the files."""
    for one, path in downloaded.items():
        address = one.url
        if url is not None:
            address = url if len(downloaded) == 1 else f'{url.rstrip("/")}/{one.name}'
        download(address, path, checksum=one.checksum)
    return path if len(downloaded) == 1 else path.parent


def _install(
    source: Source, origin: Path, unpacked: Path, target: Path, allow_partial: bool
) -> dict[str, int]:
    """Copies or unpacks the data set from ``origin``, checks it, and names it."""
    if origin.is_dir():
        found = _locate(source, origin)
        source.check(found, allow_partial)  # before the long copy
        with staged(target) as stage:
            _copy_parts(found, stage, source.parts + source.extras)
            return source.check(stage, allow_partial)
    if not origin.exists():
        raise DataError(f'{origin} does not exist: expected a folder or an archive')
    if not is_archive(origin):
        raise DataError(f'{origin} is neither a folder nor a .zip, .tar, .tar.gz or .tgz archive')
    unpack(
        origin,
        unpacked,
        wanted=lambda path: _belongs(source, path),
        max_bytes=source.max_bytes,
        max_files=source.max_files,
    )
    try:
        found = _locate(source, unpacked, archive=origin)
        with staged(target) as stage:
            for name in source.parts + source.extras:
                if (found / name).exists():
                    (stage / name).parent.mkdir(parents=True, exist_ok=True)
                    (found / name).replace(stage / name)
            return source.check(stage, allow_partial)
    finally:
        remove(unpacked)


def _copy_parts(source: Path, folder: Path, parts: tuple[str, ...]) -> None:
    """Copies those of ``parts`` (files and folders) that ``source`` holds."""
    for part in parts:
        found = source / part
        if found.is_dir():
            shutil.copytree(found, folder / part)
        elif found.exists():
            (folder / part).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(found, folder / part)


def _belongs(source: Source, path: PurePosixPath) -> bool:
    """Whether a path in an archive lies in, or may lead to, one of the parts."""
    names = {name.split('/')[0] for name in source.parts + source.extras}
    return not names.isdisjoint(path.parts)


def _locate(source: Source, place: Path, archive: Path | None = None) -> Path:
    """Returns the data set's folder: ``place``, below it, or anywhere near in an archive."""
    candidates = [place, place / source.folder]
    if archive is not None:  # its layout is not up to the user
        candidates += sorted(path for path in place.glob('*') if path.is_dir())
        candidates += sorted(place.glob(f'*/{source.folder}'))
    for candidate in candidates:
        if all((candidate / part).exists() for part in source.parts):
            return candidate
    raise DataError(
        f'{archive or place} holds no {source.folder}: expected {", ".join(source.parts)}'
    )


def _clear_downloads(folder: Path, paths: Iterable[Path]) -> None:
    """Removes files under ``folder`` that are not needed any more, and it if empty."""
    for path in paths:
        path.unlink(missing_ok=True)
        for place in (path.parent, folder):
            if place.is_dir() and not any(place.iterdir()):
                place.rmdir()
