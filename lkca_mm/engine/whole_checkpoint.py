"""A checkpoint file appears under its name when all of it is on the disk."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lkca_mm.engine.durable import PART, replace_durably
from lkca_mm.errors import CheckpointError


@contextmanager
def whole_checkpoint(path: Path, writes: bool = True) -> Iterator[Path]:
    """Gives a place to write a checkpoint to, and its name when that is done.

    Args:
        path: The checkpoint.
        writes: Whether this process writes it; of several only one does.

    Yields:
        The file to write.

    Raises:
        CheckpointError: If it cannot be written, for example to a full disk.
    """
    part = path.with_name(path.name + PART)
    try:
        yield part
        if writes:
            replace_durably(part, path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise CheckpointError(
            f'{path}: cannot be written ({error.strerror or error}); the checkpoints before it '
            'are as they were: make room and go on with --resume'
        ) from error
