"""Folders that appear under their name only when they are whole."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def remove(path: Path) -> None:
    """Removes a file or a folder with all it holds; nothing there is fine too."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


@contextmanager
def staged(folder: Path) -> Iterator[Path]:
    """Gives an empty folder that becomes ``folder`` when the block ends well.

    The empty folder lies beside ``folder``, so the last step is a rename. What an
    interrupted run left behind is cleaned away first. An older ``folder`` stays
    in place until the new one is whole, and is replaced then.

    Args:
        folder: The final name.

    Yields:
        The folder to fill.
    """
    name = folder.name.lstrip('.')
    stage = folder.with_name(f'.{name}.partial')
    retired = folder.with_name(f'.{name}.retired')
    if retired.exists() and not folder.exists():
        retired.replace(folder)  # a run was killed between the two renames below
    remove(retired)
    remove(stage)
    stage.mkdir(parents=True)
    try:
        yield stage
    except BaseException:
        shutil.rmtree(stage, ignore_errors=True)
        raise
    if folder.exists():
        folder.replace(retired)
    stage.replace(folder)
    remove(retired)
