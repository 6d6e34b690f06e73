"""Files that are there whole or not at all, also after the power went."""

import os
from pathlib import Path

PART = '.part'
"""How the name of a file ends that is still being written."""


def replace_durably(part: str | Path, path: str | Path) -> None:
    """Gives a written file its name, once its bytes are on the disk.

    Args:
        part: The file, written and closed.
        path: Its name from now on; a file of that name is replaced.
    """
    part, path = Path(part), Path(path)
    with part.open('rb+') as file:
        os.fsync(file.fileno())
    part.replace(path)
    _sync_folder(path.parent)


def write_durably(path: str | Path, text: str) -> None:
    """Writes a small file beside its place and moves it there."""
    path = Path(path)
    part = path.with_name(path.name + PART)
    part.write_text(text, encoding='utf-8')
    replace_durably(part, path)


def remove_parts(folder: str | Path) -> list[Path]:
    """Removes what a run that was killed had not finished writing.

    Args:
        folder: The work dir, which no other run is using.

    Returns:
        The files that were removed.
    """
    parts = sorted(Path(folder).glob(f'*{PART}'))
    for part in parts:
        part.unlink(missing_ok=True)
    return parts


def _sync_folder(folder: Path) -> None:
    """Has the new name of a file survive too; not every system can do that for a folder."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(handle)
    except OSError:
        pass
    finally:
        os.close(handle)
