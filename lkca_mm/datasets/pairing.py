"""Finds images without a mask and masks without an image, by name alone."""

import os
from dataclasses import dataclass
from pathlib import Path


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
class Unpaired:
    """What two folders do not have in common.

    Attributes:
        images: Stems of images without a mask, sorted.
        masks: Stems of masks without an image, sorted.
    """

    images: list[str]
    masks: list[str]


def compare(images: set[str], masks: set[str]) -> Unpaired:
    """Compares the stems of images with those of masks."""
    return Unpaired(sorted(images - masks), sorted(masks - images))
