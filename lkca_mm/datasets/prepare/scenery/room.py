"""Rooms: walls, floor and ceiling in perspective, and the furniture."""

from dataclasses import dataclass

import numpy as np

from lkca_mm.datasets.prepare.scenery.canvas import Canvas, Paint
from lkca_mm.datasets.prepare.scenery.classes import mask_values
from lkca_mm.datasets.prepare.scenery.figures import clutter, person
from lkca_mm.datasets.prepare.scenery.fittings import Wall, door, painting, pendant, window
from lkca_mm.datasets.prepare.scenery.furniture import chair, floor_lamp, sofa, table
from lkca_mm.datasets.prepare.scenery.texture import (
    any_colour,
    checks,
    gradient,
    mix,
    mottled,
    pick,
    plain,
    receding,
    stripes,
)

_WALLS = [
    (222, 214, 198),
    (196, 206, 212),
    (206, 186, 160),
    (170, 190, 170),
    (216, 196, 196),
    (140, 150, 170),
]
_WOODS = [(150, 105, 65), (110, 74, 48), (190, 150, 105), (84, 60, 46), (205, 185, 160)]
_WHITE, _BLACK = (255, 255, 255), (0, 0, 0)


@dataclass(frozen=True)
class _Box:
    """The back wall of a room, the height of the eye, and where it looks."""

    left: float
    right: float
    top: float
    base: float
    eye: float
    middle: float

    @classmethod
    def draw(cls, rng: np.random.Generator) -> '_Box':
        left, right = rng.uniform(0.06, 0.24), rng.uniform(0.76, 0.94)
        top, base = rng.uniform(0.06, 0.18), rng.uniform(0.54, 0.68)
        eye = top + (base - top) * rng.uniform(0.4, 0.55)
        return cls(left, right, top, base, eye, rng.uniform(0.4, 0.6))

    def person(self, y: float) -> float:
        """Returns how high in the picture someone is who stands at y."""
        return (y - self.eye) * 1.15


def paint_room(canvas: Canvas, rng: np.random.Generator) -> None:
    """Paints a room, then the things on its walls, then those on its floor.

    Args:
        canvas: The empty picture.
        rng: Draws everything.
    """
    box = _Box.draw(rng)
    _shell(canvas, rng, box)
    _on_wall(canvas, rng, box)
    if rng.random() < 0.35:
        pendant(canvas, rng)
    things = []
    for paint, count in (
        (sofa, rng.random() < 0.6),
        (floor_lamp, rng.random() < 0.5),
        (table, rng.random() < 0.75),
        (chair, rng.integers(0, 4)),
        (_inhabitant, rng.random() < 0.4),
        (_litter, rng.integers(0, 3)),
    ):
        for _ in range(int(count)):
            things.append((box.base + rng.uniform(0.03, 0.62) * (1 - box.base), paint))
    for y, paint in sorted(things, key=lambda thing: thing[0]):
        paint(canvas, rng, rng.uniform(0.1, 0.9), y, box.person(y))


def _shell(canvas: Canvas, rng: np.random.Generator, box: _Box) -> None:
    value = mask_values()
    left, right, top, base = box.left, box.right, box.top, box.base
    tone = pick(rng, _WALLS)
    paper = plain(tone)
    kind = rng.random()
    if kind < 0.25:
        paper = stripes(tone, mix(tone, any_colour(rng), 0.3), rng.uniform(0.05, 0.12), 1, 0)
    elif kind < 0.4:
        paper = checks(tone, mix(tone, any_colour(rng), 0.18), rng.uniform(0.03, 0.06))
    canvas.fill(canvas.rectangle(0, 0, 1, 1), mottled(paper, rng, 0.05, 6), value['wall'])
    for edge, corner in ((0.0, left), (1.0, right)):
        # The side walls run to where the corner lines of the room leave the picture.
        outer = [(edge, -0.2), (corner, top), (corner, base), (edge, 1.2)]
        canvas.shade(canvas.polygon(outer), rng.uniform(0.72, 0.95))
    ceiling = [(-0.35, -0.25), (left, top), (right, top), (1.35, -0.25)]
    plaster = gradient(mix(tone, _WHITE, 0.75), mix(tone, _WHITE, 0.4), 0, top)
    canvas.fill(canvas.polygon(ceiling), plaster, value['ceiling'])
    floor = [(-0.45, 1.25), (left, base), (right, base), (1.45, 1.25)]
    canvas.fill(canvas.polygon(floor), _flooring(rng, (box.middle, box.eye)), value['floor'])
    board = max(0.012, 1.2 / canvas.size)
    skirting = canvas.rectangle(left, base - board, right, base)
    canvas.fill(
        skirting, plain(mix(tone, _WHITE if rng.random() < 0.5 else _BLACK, 0.4)), value['wall']
    )


def _flooring(rng: np.random.Generator, vanishing: tuple[float, float]) -> Paint:
    wood = pick(rng, _WOODS)
    kind = rng.random()
    if kind < 0.5:
        boards = receding(wood, mix(wood, _BLACK, 0.14), vanishing, rng.uniform(4, 8), 0)
        return mottled(boards, rng, 0.1, 30)
    if kind < 0.75:
        tile = pick(rng, [(200, 195, 188), (160, 160, 165), (185, 150, 125)])
        return receding(
            tile, mix(tile, _BLACK, 0.3), vanishing, rng.uniform(2, 4), rng.uniform(1.0, 2.0)
        )
    return mottled(plain(any_colour(rng, 60, 180)), rng, 0.16, 48)


def _on_wall(canvas: Canvas, rng: np.random.Generator, box: _Box) -> None:
    wall = Wall(box.top, box.base, box.person(box.base))
    slots = rng.integers(2, 4)
    width = (box.right - box.left) / slots
    paints = [window, door, painting, painting, window, None]
    for slot in range(slots):
        paint = paints[int(rng.integers(len(paints)))]
        if paint is not None:
            x = box.left + width * (slot + rng.uniform(0.08, 0.16))
            paint(canvas, rng, x, width * rng.uniform(0.55, 0.8), wall)


def _inhabitant(
    canvas: Canvas, rng: np.random.Generator, x: float, y: float, height: float
) -> None:
    person(canvas, rng, x, y, height * rng.uniform(0.9, 1.05))


def _litter(canvas: Canvas, rng: np.random.Generator, x: float, y: float, height: float) -> None:
    clutter(canvas, rng, x, y, height * rng.uniform(0.12, 0.25))
