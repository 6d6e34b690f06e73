"""PNG files that are either whole or not there."""

import contextlib
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from lkca_mm.errors import DataError, shown


def save_png(
    array: np.ndarray, path: str | Path, palette: Sequence[Sequence[int]] | None = None
) -> None:
    """Writes a picture beside its place and renames it into place.

    Args:
        array: uint8, RGB of shape (H, W, 3), or (H, W).
        path: The file; its folders are created.
        palette: Up to 256 RGB colours. With them an (H, W) array becomes a
            palette PNG: its pixels are the values, shown in these colours.

    Raises:
        DataError: If the file cannot be written.
    """
    path = Path(path)
    picture = Image.fromarray(np.ascontiguousarray(array, dtype=np.uint8))
    if palette is not None:
        picture.putpalette([int(channel) for colour in palette for channel in colour])
    # A name of this process's own: two ranks may write the same picture.
    part = path.with_name(f'.{path.name}.{os.getpid()}.part')
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        picture.save(part, format='PNG')
        part.replace(path)
    except OSError as error:
        raise DataError(f'{shown(path)}: cannot be written ({error.strerror or error})') from error
    finally:
        with contextlib.suppress(OSError):
            part.unlink()
