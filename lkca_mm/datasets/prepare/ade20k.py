"""ADE20K as used in the scene parsing challenge of 2016: 150 classes, 22,210 pairs."""

from pathlib import Path

from lkca_mm.datasets.prepare.source import Download, Source
from lkca_mm.datasets.prepare.verify import Split, check_pairs

_SPLITS = tuple(
    Split(name, f'images/{name}', f'annotations/{name}', count, image_suffix='.jpg')
    for name, count in (('training', 20_210), ('validation', 2_000))
)


def _check(folder: Path, allow_partial: bool) -> dict[str, int]:
    return check_pairs(folder, _SPLITS, allow_partial)


ADE20K = Source(
    folder='ADEChallengeData2016',
    downloads=(
        Download(
            'http://data.csail.mit.edu/places/ADEchallenge/ADEChallengeData2016.zip',
            'ADEChallengeData2016.zip',
            'sha1:219e1696abb36c8ba3a3afe7fb2f4b4606a897c7',
        ),
    ),
    parts=(
        'images/training',
        'images/validation',
        'annotations/training',
        'annotations/validation',
    ),
    extras=('objectInfo150.txt', 'sceneCategories.txt'),
    check=_check,
)
