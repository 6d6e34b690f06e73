"""Keeps two processes from preparing the same data set at once."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lkca_mm.errors import DataError

try:
    import fcntl
except ImportError:  # not on Windows; there the user has to take care
    fcntl = None


@contextmanager
def sole_writer(folder: Path) -> Iterator[None]:
    """Holds a lock beside ``folder``; it ends with the process, however that ends.

    Raises:
        DataError: Another process holds it.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_name(f'.{folder.name}.lock').open('w') as file:
        if fcntl is not None:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise DataError(
                    f'another process is preparing {folder}: wait until it has ended'
                ) from error
            except OSError:
                pass  # a network file system without locks
        yield
