"""Scenes: drawn streets with masks in ADE20K's encoding, for the demo and for tests."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from mmseg.datasets import ADE20KDataset
from PIL import Image, ImageDraw

from lkca_mm.datasets.prepare import Prepared, whole_folder
from lkca_mm.errors import DataError

_STAMP = 'scenes.json'
_CLASSES = ADE20KDataset.METAINFO['classes']
# A thing is a list of parts, from back to front: shape, x and y of its foot, width, height and
# colour. Lengths are percentages of the thing's height; x is counted from its middle, and
# where it is positive the part has a twin on the other side. A colour with '-' is darker. Of
# things that are numbered, one is drawn by chance.
_THINGS = """
person      box 6 0 10 50 cloth, box 15 45 6 36 paint-, disc 15 41 7 7 skin
person      box 0 44 25 40 paint, disc 0 84 16 16 hair, disc 0 83 12 14 skin
car1        disc 45 0 25 40 dark, wedge 0 45 115 55 paint, wedge 0 50 95 44 glass
car1        box 0 15 130 40 paint, box 0 15 130 12 paint-, disc 52 36 18 14 lamp
car2        wedge 0 45 155 55 paint, wedge 0 50 130 44 glass, box 0 45 6 52 paint
car2        box 0 15 240 40 paint, box 0 15 240 12 paint-, disc 112 36 14 14 lamp
car2        disc 72 0 40 40 dark, disc 72 12 16 16 grey
tree1       box 0 0 7 60 wood-, disc 15 45 30 26 green-, disc 20 60 26 24 green
tree1       disc 0 50 32 26 green, disc 0 76 28 24 green, disc 8 66 22 22 green-
tree2       box 0 0 7 60 wood-, peak 0 14 56 40 green-, peak 0 38 44 36 green, peak 0 62 32 38 green
fence       box 0 0 300 90 wood--, box 0 20 300 10 wood-, box 0 70 300 10 wood-
fence       box 140 0 16 99 wood, box 100 0 16 99 wood, box 60 0 16 99 wood, box 20 0 16 99 wood
streetlight box 0 0 4 100 grey-, box -10 96 20 4 grey-, disc -20 93 14 7 lamp
building1   box 0 0 90 100 facade, peak 0 100 100 28 roof-, box 26 8 18 22 glass
building1   box 26 40 18 20 glass, box 26 70 18 20 glass, box 0 40 14 20 glass, box 0 0 16 26 roof-
building2   box 0 0 64 100 facade, box 0 96 68 6 roof, box 10 6 9 9 glass, box 24 6 9 9 glass
building2   box 10 24 9 9 glass, box 24 24 9 9 glass, box 10 42 9 9 glass, box 24 42 9 9 glass
building2   box 10 60 9 9 glass, box 24 60 9 9 glass, box 10 78 9 9 glass, box 24 78 9 9 glass
"""
_PARTS: dict[str, list[str]] = {}
for _name, _parts in (line.split(maxsplit=1) for line in _THINGS.strip().splitlines()):
    _PARTS.setdefault(_name, []).extend(_parts.split(', '))
_COLOURS = {
    'skin': [(224, 180, 150), (198, 145, 110), (140, 95, 70), (95, 65, 50)],
    'wood': [(150, 105, 65), (110, 74, 48), (190, 150, 105), (235, 230, 220)],
    'green': [(62, 110, 48), (95, 135, 55), (45, 90, 60), (130, 140, 70)],
    'grey': [(95, 95, 100), (125, 120, 115), (165, 160, 155), (75, 78, 85)],
    'facade': [(178, 92, 70), (205, 190, 160), (150, 150, 155), (190, 150, 90), (110, 135, 160)],
    'roof': [(120, 60, 50), (85, 85, 92), (150, 110, 80)],
    'sky': [(90, 150, 220), (150, 180, 220), (175, 175, 180), (235, 170, 130), (60, 70, 110)],
    'glass': [(60, 75, 95), (150, 185, 215), (45, 45, 55), (235, 215, 150)],
    'lamp': [(255, 240, 200)],
    'dark': [(30, 30, 34)],
    'hair': [(40, 30, 25), (90, 60, 35), (190, 150, 90)],
}
# How many of each there are at most, how far from the middle (1 is the edge of the road, 2 that of
# the sidewalk), and how tall beside a person.
_FURNITURE = (
    ('tree', 3, 2.0, 4.0, 2.2),
    ('fence', 2, 2.0, 3.5, 0.6),
    ('car', 4, 0.3, 0.8, 0.75),
    ('streetlight', 3, 1.1, 1.4, 2.2),
    ('person', 4, 1.2, 2.0, 1.0),
)


class _Scene:
    """An image and its mask, drawn together; (0, 0) is the lower left corner, (1, 1) the other."""

    def __init__(self, rng: np.random.Generator, size: int) -> None:
        self.rng, self.size = rng, size
        self.image, self.mask = (Image.new(mode, (2 * size, 2 * size)) for mode in ('RGB', 'L'))
        self.draws = ImageDraw.Draw(self.image), ImageDraw.Draw(self.mask)

    def colour(self, name: str) -> np.ndarray:
        """Picks a colour of a kind and varies it; a kind without colours has all of them."""
        choices = _COLOURS.get(name, self.rng.uniform(40, 230, (1, 3)))
        return self.rng.choice(choices) + self.rng.uniform(-18, 18, 3)

    def fill(self, name: str, points: Sequence, colour: np.ndarray, how: str = 'polygon') -> None:
        """Fills a polygon, or a rectangle or an ellipse between two corners."""
        points = [(2 * self.size * x, 2 * self.size * (1 - y)) for x, y in points]
        fills = tuple(int(c) for c in np.clip(colour, 0, 255)), _CLASSES.index(name) + 1
        for draw, fill in zip(self.draws, fills, strict=True):
            getattr(draw, how)(points, fill=fill)

    def shape(self, name: str, shape: str, box: Sequence[float], colour: np.ndarray) -> None:
        """Fills a shape of a thing; the box is x of its middle, y of its foot, width, height."""
        x, y, w, h = box
        left, right, top = x - w / 2, x + w / 2, y + h
        if shape in ('box', 'disc'):
            how = 'rectangle' if shape == 'box' else 'ellipse'
            self.fill(name, [(left, top), (right, y)], colour, how)
        else:
            narrow = 0.35 * w if shape == 'wedge' else 0
            points = [(left, y), (x - narrow, top), (x + narrow, top), (right, y)]
            self.fill(name, points, colour)

    def thing(self, name: str, x: float, y: float, height: float) -> None:
        """Draws a thing whose foot is at (x, y)."""
        kind = self.rng.choice([key for key in _PARTS if key.rstrip('12') == name])
        wide, colours = self.rng.choice([-1, 1]) * self.rng.uniform(0.85, 1.2), {}
        for part in _PARTS[kind]:
            shape, *numbers, colour = part.split()
            u, v, w, h = (height * int(number) / 100 for number in numbers)
            base = colour.rstrip('-')
            tone = colours.setdefault(base, self.colour(base)) * 0.75 ** colour.count('-')
            for side in (-wide, wide) if u > 0 else (wide,):
                self.shape(name, shape, (x + side * u, y + v, abs(wide) * w, h), tone)

    def street(self) -> None:
        """Draws a straight street that runs to the horizon."""
        rng, horizon, middle = self.rng, self.rng.uniform(0.46, 0.64), self.rng.uniform(0.36, 0.64)
        road = rng.uniform(0.34, 0.6)  # half its width at the lower edge
        walk = road + rng.uniform(0.2, 0.4)

        def spot(depth: float, aside: float) -> tuple[float, float, float]:
            near = 0.06 + 0.7 * depth
            across = np.interp(abs(aside), [0, 1, 2, 4], [0, road, walk, walk + 0.4]) * near
            return middle + np.sign(aside) * across, horizon * (1 - near), horizon * near

        sky, grass = self.colour('sky'), self.colour('green')
        for y in np.linspace(horizon, 1, 16):
            self.shape('sky', 'box', (0.5, y, 1, 0.1), sky + 60 * (0.7 - y))
        for x, y in rng.random((rng.integers(0, 12), 2)):
            self.shape('sky', 'disc', (x, horizon + 0.1 + 0.5 * y, 0.16, 0.05), (sky + 255) / 2)
        self.shape('grass', 'box', (0.5, 0, 1, horizon), grass)
        for x, y in rng.random((150, 2)):
            self.shape(
                'grass', 'disc', (x, y * horizon, 0.03, 0.008), grass * rng.uniform(0.7, 1.2)
            )
        for name, half, light in (('sidewalk', walk, 1.2), ('road', road, 0.8)):
            self.shape(name, 'peak', (middle, 0, 2 * half, horizon), self.colour('grey') * light)
        for near in 0.6 ** np.arange(6):
            box = (middle, horizon * (1 - near), 0.04 * near, 0.2 * horizon * near)
            self.shape('road', 'box', box, self.colour('lamp'))
        for near in np.linspace(0.05, 0.5, 9):
            height = near * rng.uniform(0.8, 1.6) + 0.05
            x = middle + rng.choice([-1, 1]) * (walk * near + 0.5 * height)
            self.thing('building', x, horizon * (1 - 0.9 * near), height)
        things = []
        for name, most, low, high, tall in _FURNITURE:
            for _ in range(rng.integers(0, most + 1)):
                aside = rng.choice([-1, 1]) * rng.uniform(low, high)
                x, y, person = spot(rng.random() ** 1.5, aside)
                things.append((y, x, tall * person * rng.uniform(0.85, 1.15), name))
        for y, x, height, name in sorted(things, reverse=True):  # the nearest last
            self.thing(name, x, y, height)


def draw_scene(seed: int, split: int, index: int, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Draws one pair; the same arguments give the same pixels.

    Returns:
        The image (size, size, 3) and its mask (size, size) of ADE20K's class indices plus 1.
    """
    rng = np.random.default_rng([seed, split, index])
    scene = _Scene(rng, size)
    scene.street()
    pixels = np.asarray(scene.image.resize((size, size), Image.Resampling.BOX), float)
    across, down = np.meshgrid(*[np.linspace(-0.15, 0.15, size)] * 2)
    light = rng.uniform(0.75, 1.1) + rng.uniform(-1, 1) * across + rng.uniform(-1, 1) * down
    pixels = pixels * light[..., None] + rng.normal(0, rng.uniform(2, 9), pixels.shape)
    return np.clip(pixels, 0, 255).astype(np.uint8), np.asarray(scene.mask)[::2, ::2].copy()


def prepare_scenes(
    root: Path, seed: int = 0, size: int = 128, num_train: int = 400, num_val: int = 40
) -> Prepared:
    """Draws the data set into ``root / 'scenes'``, whole or not at all.

    Nothing is done if it is there with the same settings; with others it is replaced.

    Args:
        root: The folder of all data sets.
        seed: The seed, 0 or more.
        size: The side of the images in pixels.
        num_train: Pairs for training.
        num_val: Pairs for validation.

    Raises:
        DataError: If something else is in its place.
    """
    target, counts = root / 'scenes', {'training': num_train, 'validation': num_val}
    stamp = json.dumps({'version': 3, 'seed': seed, 'size': size, **counts}) + '\n'
    if target.exists():
        if not (target / _STAMP).is_file():
            raise DataError(f'{target} was not made by this tool: move it or choose another root')
        if (target / _STAMP).read_text(encoding='utf-8') == stamp:
            return Prepared(target, counts, changed=False)
    with whole_folder(target) as stage:
        for split, (name, count) in enumerate(counts.items()):
            folders = stage / 'images' / name, stage / 'annotations' / name
            for folder in folders:
                folder.mkdir(parents=True)
            for index in range(count):
                pair = draw_scene(seed, split, index, size)
                for folder, pixels in zip(folders, pair, strict=True):
                    Image.fromarray(pixels).save(folder / f'scene_{index:05d}.png')
        (stage / _STAMP).write_text(stamp, encoding='utf-8')
    return Prepared(target, counts, changed=True)
