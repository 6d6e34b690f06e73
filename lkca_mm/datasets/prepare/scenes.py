"""Scenes: a small data set of painted streets and rooms in ADE20K's encoding.

It trains and scores a segmentation model where ADE20K itself cannot be had.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from PIL import Image
from rich.console import Console
from rich.progress import Progress

from lkca_mm.datasets.prepare.lock import sole_writer
from lkca_mm.datasets.prepare.scenery import paint_scene
from lkca_mm.datasets.prepare.source import Prepared
from lkca_mm.datasets.prepare.staging import staged
from lkca_mm.datasets.prepare.verify import Split, check_pairs
from lkca_mm.errors import DataError

FOLDER = 'scenes'
_STAMP = 'scenes.json'
_MOST_PAIRS = 1_000_000
_VERSION = 1  # raise it whenever the same seed gives another picture


@dataclass(frozen=True)
class SceneSettings:
    """What decides every byte of the data set.

    Attributes:
        seed: The seed, 0 or more.
        size: The side of the pictures in pixels, 32 to 1024.
        num_train: Pairs for training, 1 to 1,000,000.
        num_val: Pairs for validation, 1 to 1,000,000.
    """

    seed: int = 0
    size: int = 128
    num_train: int = 400
    num_val: int = 80

    def __post_init__(self) -> None:
        if self.seed < 0:
            raise DataError(f'seed is {self.seed}: it must be 0 or more')
        if not 32 <= self.size <= 1024:
            raise DataError(f'size is {self.size}: it must be 32 to 1024 pixels')
        for name in ('num_train', 'num_val'):
            if not 1 <= getattr(self, name) <= _MOST_PAIRS:
                raise DataError(
                    f'{name} is {getattr(self, name)}: it must be 1 to {_MOST_PAIRS} pairs'
                )

    def splits(self) -> tuple[Split, Split]:
        """Returns the splits, laid out as in ADE20K."""
        counts = {'training': self.num_train, 'validation': self.num_val}
        first, second = (
            Split(name, f'images/{name}', f'annotations/{name}', count)
            for name, count in counts.items()
        )
        return first, second

    def stamp(self) -> str:
        """Returns what is written into the folder to recognise it."""
        return json.dumps({'version': _VERSION, **asdict(self)}, indent=2) + '\n'


def scene(settings: SceneSettings, split: int, index: int) -> tuple[np.ndarray, np.ndarray]:
    """Paints one pair of the data set; see ``paint_scene``.

    Args:
        settings: The data set.
        split: 0 for training, 1 for validation.
        index: The number of the pair in its split.
    """
    # Each pair has a stream of its own: its bytes do not hang on how many there are.
    rng = np.random.Generator(np.random.PCG64([settings.seed, split, index]))
    return paint_scene(rng, settings.size)


def prepare_scenes(root: str | Path, settings: SceneSettings | None = None) -> Prepared:
    """Paints the data set into ``root / 'scenes'``, whole or not at all.

    Nothing is done if it is there with the same settings; with other settings it
    is replaced.

    Args:
        root: The folder of all data sets.
        settings: What to paint.

    Returns:
        Where it is and what it holds.

    Raises:
        DataError: Something else is in its place, or it cannot be written.
    """
    settings = settings or SceneSettings()
    target = Path(root) / FOLDER
    try:
        with sole_writer(target):
            if target.exists():
                counts = _counts_if_same(target, settings)
                if counts is not None:
                    return Prepared(target, counts, changed=False)
            with staged(target) as stage:
                _write(stage, settings)
                counts = check_pairs(stage, settings.splits())
            return Prepared(target, counts, changed=True)
    except OSError as error:
        raise DataError(
            f'cannot write {error.filename or target}: {error.strerror or error}'
        ) from error


def _counts_if_same(folder: Path, settings: SceneSettings) -> dict[str, int] | None:
    """Returns the counts of a whole data set with these settings, else None."""
    stamp = folder / _STAMP
    if not stamp.is_file():
        raise DataError(
            f'{folder} was not made by this tool (it holds no {_STAMP}): move it away or '
            f'choose another root'
        )
    if stamp.read_text(encoding='utf-8') != settings.stamp():
        return None
    try:
        return check_pairs(folder, settings.splits())
    except DataError:
        return None  # files were lost since; paint them again


def _write(folder: Path, settings: SceneSettings) -> None:
    """Writes all pairs and the stamp."""
    console = Console(stderr=True)
    total = settings.num_train + settings.num_val
    with Progress(console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task('painting scenes', total=total)
        for number, split in enumerate(settings.splits()):
            for place in (split.images, split.masks):
                (folder / place).mkdir(parents=True)
            for index in range(split.count):
                image, mask = scene(settings, number, index)
                name = f'scene_{index:05d}.png'
                Image.fromarray(image).save(folder / split.images / name, compress_level=6)
                Image.fromarray(mask).save(folder / split.masks / name, compress_level=6)
                progress.advance(task)
    (folder / _STAMP).write_text(settings.stamp(), encoding='utf-8')
