"""The unfinished half of a download, and what is remembered about its origin."""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class Origin:
    """What a server said about the file when the download began.

    Attributes:
        url: The address that was asked for.
        etag: The ``ETag`` header.
        modified: The ``Last-Modified`` header.
        total: The length of the whole file in bytes; None if it was not told.
    """

    url: str
    etag: str | None = None
    modified: str | None = None
    total: int | None = None

    @property
    def condition(self) -> str | None:
        """The value of an ``If-Range`` header; weak tags are not allowed there."""
        if self.etag and not self.etag.startswith('W/'):
            return self.etag
        return self.modified

    @property
    def has_validator(self) -> bool:
        """Whether a changed file on the server can be told from this one."""
        return self.etag is not None or self.modified is not None

    def differs(self, other: 'Origin') -> bool:
        """Whether both name a validator or a length and the two disagree."""
        pairs = (
            (self.etag, other.etag),
            (self.modified, other.modified),
            (self.total, other.total),
        )
        return any(a is not None and b is not None and a != b for a, b in pairs)


class PartFile:
    """``path.part`` and its sidecar ``path.part.json``.

    The sidecar is written before the first byte and the part is removed before
    the sidecar changes, so whatever moment a process is killed at, the bytes in
    the part belong to the origin in the sidecar.
    """

    def __init__(self, path: Path) -> None:
        self.path = path.with_name(path.name + '.part')
        self._sidecar = path.with_name(path.name + '.part.json')

    @property
    def size(self) -> int:
        """The number of bytes that are here."""
        return self.path.stat().st_size if self.path.exists() else 0

    def origin(self) -> Origin | None:
        """Returns where the bytes came from; None if that is not known."""
        try:
            return Origin(**json.loads(self._sidecar.read_text(encoding='utf-8')))
        except (OSError, ValueError, TypeError):
            return None

    def restart(self, origin: Origin) -> None:
        """Forgets all bytes; the next ones come from ``origin``."""
        self.discard()
        fresh = self._sidecar.with_name(self._sidecar.name + '.new')
        fresh.write_text(json.dumps(asdict(origin)), encoding='utf-8')
        fresh.replace(self._sidecar)

    def discard(self) -> None:
        """Removes the part and its sidecar."""
        self.path.unlink(missing_ok=True)
        self._sidecar.unlink(missing_ok=True)

    def finish(self, path: Path) -> None:
        """Gives the whole and checked part its final name, safe against power loss."""
        with self.path.open('rb') as file:
            os.fsync(file.fileno())
        self.path.replace(path)
        self._sidecar.unlink(missing_ok=True)
