"""Finds images without a mask and masks without an image, by name alone."""

import os
from dataclasses import dataclass
from pathlib import Path

from lkca_mm.errors import DataError


def list_stems(folder: str | Path, suffix: str) -> set[str]:
    """Lists the files under a folder whose names end with ``suffix``.

    Sub-folders are searched and hidden files skipped, as mmseg's datasets do.

    Args:
        folder: The folder.
        suffix: What names end with, for example ``'.png'``; it is cut off.

    Returns:
        Paths relative to ``folder``, with ``/`` between their parts.
    """
    stems: set[str] = set()
    waiting = [(str(folder), '')]
    while waiting:
        place, prefix = waiting.pop()
        with os.scandir(place) as entries:
            for entry in entries:
                if entry.is_dir():
                    waiting.append((entry.path, f'{prefix}{entry.name}/'))
                elif entry.name.endswith(suffix) and not entry.name.startswith('.'):
                    stems.add(prefix + entry.name[: len(entry.name) - len(suffix)])
    return stems


@dataclass(frozen=True)
class Files:
    """Files of one kind.

    Attributes:
        folder: Where they are.
        suffix: What their names end with.
        stems: Their paths relative to the folder, without the suffix.
    """

    folder: str
    suffix: str
    stems: set[str]

    def name(self, stem: str) -> str:
        """Returns the path of one of them."""
        return str(Path(self.folder) / (stem + self.suffix))


def check_paired(images: Files, masks: Files) -> None:
    """Looks for the mask of every image and the image of every mask.

    Raises:
        DataError: One is missing; the first is named and all are counted.
    """
    for kind, files, other_kind, others in (
        ('image', images, 'mask', masks),
        ('mask', masks, 'image', images),
    ):
        single = sorted(files.stems - others.stems)
        if single:
            raise DataError(
                f'{files.name(single[0])} has no {other_kind} {others.name(single[0])} '
                f'({len(single)} such {kind}s): add the {other_kind}s or remove the {kind}s'
            )
