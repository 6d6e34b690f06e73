"""Files that are whole or absent: written beside their place, then renamed."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

PART = '.part'
"""Suffix of a file that is still being written."""


@contextlib.contextmanager
def written_whole(path: str | Path) -> Iterator[Path]:
    """Gives a file its name only once all of it is on the disk.

    Use it as ``with written_whole(path) as part: part.write_bytes(...)``. Whatever ends the
    block early, a kill included, leaves an older file of that name as it was.

    Args:
        path: The file; its folder is made, an older file is replaced.

    Yields:
        The name to write to.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + PART)
    try:
        yield part
        with part.open('rb+') as file:
            os.fsync(file.fileno())
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def write_text(path: str | Path, text: str) -> None:
    """Writes a text file whole or not at all; its folder is made."""
    with written_whole(path) as part:
        part.write_text(text, encoding='utf-8')
