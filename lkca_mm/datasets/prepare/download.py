"""Downloads one file over HTTP so that it can be interrupted at any byte."""

import http.client
import re
import time
import urllib.error
import urllib.request
from pathlib import Path

from lkca_mm.datasets.prepare.checksum import file_checksum, split_checksum
from lkca_mm.datasets.prepare.partfile import Origin, PartFile
from lkca_mm.datasets.prepare.progress import TransferProgress
from lkca_mm.errors import DataError
from lkca_mm.version import __version__

_CHUNK = 1 << 16
_TEMPORARY = {408, 425, 429, 500, 502, 503, 504}
_CONTENT_RANGE = re.compile(r'bytes (?:(\d+)-\d+|\*)/(\d+|\*)$')


class _Broken(Exception):
    """The transfer stopped early; another attempt may go on."""


def download(
    url: str,
    path: str | Path,
    *,
    checksum: str | None = None,
    size: int | None = None,
    attempts: int = 5,
    backoff: float = 1.0,
    timeout: float = 30.0,
) -> Path:
    """Downloads ``url`` to ``path``, going on where an earlier run stopped.

    The bytes are collected in ``path.part``. The file gets its name only when
    its length and checksum are right, so a file called ``path`` is always whole.

    Args:
        url: An http or https address.
        path: The file to write.
        checksum: ``'sha256:...'``, ``'sha1:...'`` or ``'md5:...'``.
        size: The length in bytes.
        attempts: How many attempts in a row may fail without one new byte.
        backoff: Seconds before the second attempt; doubled before each further one.
        timeout: Seconds without a byte after which an attempt counts as broken.

    Returns:
        ``path``.

    Raises:
        DataError: The address cannot be read, or what it holds is not the
            expected file.
    """
    path = Path(path)
    if not url.lower().startswith(('http://', 'https://')):
        raise DataError(f'cannot download {url}: only http:// and https:// addresses can be used')
    part = PartFile(path)
    if path.is_file() and _mismatch(path, checksum, size) is None:
        part.discard()
        return path
    _make_folder(path.parent)
    failures, furthest = 0, part.size
    with TransferProgress(path.name) as progress:
        while True:
            try:
                _transfer(url, part, checksum is not None, size, timeout, progress)
                break
            except _Broken as error:
                # Only bytes never seen before count as progress: a server that
                # ignores Range would otherwise be asked for ever.
                failures = 0 if part.size > furthest else failures + 1
                furthest = max(furthest, part.size)
                if failures >= attempts:
                    raise DataError(
                        f'cannot download {url}: {error}; run the same command again to go on, '
                        f'or download it by hand'
                    ) from error
                pause = backoff * 2 ** max(failures - 1, 0)
                progress.note(f'{path.name}: {error}; trying again in {pause:g} s')
                time.sleep(pause)
    mismatch = _mismatch(part.path, checksum, size)
    if mismatch is not None:
        part.discard()
        raise DataError(f'{url} is not the expected file: {mismatch}; it was removed, try again')
    part.finish(path)
    return path


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(f'cannot create {folder}: {error.strerror}') from error


def _mismatch(path: Path, checksum: str | None, size: int | None) -> str | None:
    """Returns what is wrong with a file, or None if it is as expected."""
    length = path.stat().st_size
    if size is not None and length != size:
        return f'expected {size} bytes, found {length}'
    if checksum is not None:
        algorithm, digits = split_checksum(checksum)
        found = file_checksum(path, algorithm)
        if found != f'{algorithm}:{digits}':
            return f'expected {algorithm}:{digits}, found {found}'
    return None


def _transfer(
    url: str,
    part: PartFile,
    verifiable: bool,
    size: int | None,
    timeout: float,
    progress: TransferProgress,
) -> None:
    """Fetches the bytes that are missing in ``part``, in one request.

    Args:
        url: The address.
        part: The bytes so far.
        verifiable: Whether a checksum will tell if two versions were spliced.
        size: The expected length in bytes, if it is known.
        timeout: Seconds without a byte before giving up.
        progress: Is told of every byte.

    Raises:
        _Broken: The connection broke, or the part had to be thrown away.
        DataError: Trying again would not help.
    """
    known = part.origin()
    usable = known is not None and known.url == url and (known.has_validator or verifiable)
    if not usable:
        part.discard()
        known = None
    start = part.size
    if known is not None and start and start == known.total:
        return
    headers = {'User-Agent': f'lkca_mm/{__version__}', 'Accept-Encoding': 'identity'}
    if known is not None and start:
        headers['Range'] = f'bytes={start}-'
        if known.condition:
            headers['If-Range'] = known.condition
    try:
        response = urllib.request.urlopen(
            urllib.request.Request(url, headers=headers), timeout=timeout
        )
    except urllib.error.HTTPError as error:
        with error:
            if error.code == 416 and known is not None and start:
                _accept_full(part, known, _origin(url, error.headers))
                return
            if error.code in _TEMPORARY:
                raise _Broken(f'the server answers {error.code} {error.reason}') from error
            raise DataError(
                f'cannot download {url}: the server answers {error.code} {error.reason}'
            ) from error
    except urllib.error.URLError as error:
        raise _Broken(f'no connection ({error.reason})') from error
    except http.client.InvalidURL as error:
        raise DataError(f'cannot download {url}: {error}') from error
    except (OSError, http.client.HTTPException) as error:
        raise _Broken(f'no connection ({error!r})') from error
    with response:
        origin = _origin(url, response.headers)
        if response.status == 206:
            if known is None or _range_start(response.headers) != start or known.differs(origin):
                part.discard()
                raise _Broken('the file on the server has changed, starting over')
            origin = known
        else:
            part.restart(origin)
            start = 0
        if size is not None and origin.total not in (None, size):
            part.discard()
            raise DataError(
                f'{url} is not the expected file: expected {size} bytes, '
                f'the server offers {origin.total}'
            )
        if origin.total is None and not (verifiable or size is not None or response.chunked):
            part.discard()
            raise DataError(
                f'cannot download {url}: the server does not tell its length, so a cut file '
                f'cannot be told from a whole one; download it by hand'
            )
        progress.start(start, origin.total or size)
        _receive(response, part.path, progress)
    expected = origin.total if origin.total is not None else size
    if expected is not None and part.size < expected:
        raise _Broken(f'the connection broke after {part.size} of {expected} bytes')
    if expected is not None and part.size > expected:
        found = part.size
        part.discard()
        raise _Broken(f'the server sent {found} bytes instead of {expected}, starting over')


def _accept_full(part: PartFile, known: Origin, now: Origin) -> None:
    """Handles 416: the part holds everything, or more than there is."""
    if now.total != part.size or known.differs(now):
        part.discard()
        raise _Broken('the file on the server has changed, starting over')


def _receive(response: http.client.HTTPResponse, path: Path, progress: TransferProgress) -> None:
    """Appends the body of a response to a file."""
    try:
        file = path.open('ab')
    except OSError as error:
        raise DataError(f'cannot write {path}: {error.strerror}') from error
    with file:
        while True:
            try:
                chunk = response.read1(_CHUNK)
            except (OSError, http.client.HTTPException) as error:
                raise _Broken(f'the connection broke ({error!r})') from error
            if not chunk:
                return
            try:
                file.write(chunk)
                file.flush()
            except OSError as error:
                raise DataError(f'cannot write {path}: {error.strerror}') from error
            progress.advance(len(chunk))


def _origin(url: str, headers: http.client.HTTPMessage) -> Origin:
    """Returns what the headers say about the whole file."""
    total = headers.get('Content-Length')
    match = _CONTENT_RANGE.match(headers.get('Content-Range', ''))
    if match:
        total = None if match[2] == '*' else match[2]
    return Origin(
        url=url,
        etag=headers.get('ETag'),
        modified=headers.get('Last-Modified'),
        total=int(total) if total is not None and total.isdigit() else None,
    )


def _range_start(headers: http.client.HTTPMessage) -> int | None:
    """Returns the first byte of a partial answer; None if it does not say."""
    match = _CONTENT_RANGE.match(headers.get('Content-Range', ''))
    return int(match[1]) if match and match[1] else None
