"""Tells a whole data set from a part of one or a damaged one."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from lkca_mm.datasets.pairing import Files, check_paired, list_stems
from lkca_mm.datasets.prepare.checksum import file_checksum
from lkca_mm.errors import DataError


@dataclass(frozen=True)
class Split:
    """One split of a segmentation data set.

    Attributes:
        name: What the split is called.
        images: The folder of the images, relative to the data set.
        masks: The folder of the masks, relative to the data set.
        count: The number of pairs in the whole data set.
        image_suffix: What image names end with.
        mask_suffix: What mask names end with.
    """

    name: str
    images: str
    masks: str
    count: int
    image_suffix: str = '.png'
    mask_suffix: str = '.png'


def check_pairs(
    folder: Path, splits: Iterable[Split], allow_partial: bool = False
) -> dict[str, int]:
    """Counts the pairs of each split and looks for the mask of every image.

    Args:
        folder: The data set.
        splits: What it must hold.
        allow_partial: Whether fewer (or more) pairs than ``Split.count`` will do.

    Returns:
        The number of pairs in each split.

    Raises:
        DataError: A folder is missing or empty, a file has no counterpart, or
            the counts are not those of the whole data set.
    """
    counts = {}
    for split in splits:
        images = _files(folder / split.images, split.image_suffix)
        masks = _files(folder / split.masks, split.mask_suffix)
        check_paired(images, masks)
        count = len(images.stems)
        if count != split.count and not allow_partial:
            raise DataError(
                f'{folder / split.images} holds {count} images instead of {split.count}: '
                f'it is not the whole data set (--allow-partial accepts it)'
            )
        counts[split.name] = count
    return counts


def _files(folder: Path, suffix: str) -> Files:
    if not folder.is_dir():
        raise DataError(f'{folder} does not exist: expected a folder of {suffix} files')
    stems = list_stems(folder, suffix)
    if not stems:
        raise DataError(f'{folder} holds no {suffix} files')
    return Files(str(folder), suffix, stems)


def content_digest(folder: Path, names: Iterable[str]) -> str:
    """Returns one SHA-256 for the names and the bytes of many files.

    It is the checksum of what ``sha256sum NAMES`` prints for the names in the
    order of their bytes, so a shell can repeat it.

    Args:
        folder: Where the files are.
        names: Their paths relative to ``folder``, with ``/`` between the parts.

    Returns:
        ``'sha256:...'``.
    """
    digest = hashlib.sha256()
    for name in sorted(names, key=str.encode):
        digits = file_checksum(folder / name, 'sha256').removeprefix('sha256:')
        digest.update(f'{digits}  {name}\n'.encode())
    return f'sha256:{digest.hexdigest()}'
