"""What is on the walls and the ceiling of a room."""

from dataclasses import dataclass

import numpy as np

from lkca_mm.datasets.prepare.scenery.canvas import Canvas
from lkca_mm.datasets.prepare.scenery.classes import mask_values
from lkca_mm.datasets.prepare.scenery.texture import (
    any_colour,
    gradient,
    mix,
    mottled,
    near,
    pick,
    plain,
    stripes,
)

_WOODS = [(150, 105, 65), (110, 74, 48), (190, 150, 105), (84, 60, 46), (205, 185, 160)]
_WHITE = (255, 255, 255)
_BLACK = (0, 0, 0)


@dataclass(frozen=True)
class Wall:
    """The wall at the back of a room.

    Attributes:
        top: Where it meets the ceiling.
        base: Where it meets the floor.
        person: How high someone is who stands at it.
    """

    top: float
    base: float
    person: float


def window(canvas: Canvas, rng: np.random.Generator, x: float, width: float, wall: Wall) -> None:
    """Paints a window with panes and what is outside."""
    value = mask_values()['windowpane']
    height = wall.base - wall.top
    y0 = wall.top + height * rng.uniform(0.12, 0.22)
    y1 = y0 + height * rng.uniform(0.38, 0.52)
    frame = max(0.014, 1.6 / canvas.size)
    wood = plain(pick(rng, [(240, 238, 232), (120, 85, 60), (200, 195, 185)], 10))
    canvas.fill(canvas.rectangle(x, y0, x + width, y1), wood, value)
    sky = gradient(near(rng, (120, 170, 225)), near(rng, (220, 230, 235)), y0, y1)
    if rng.random() < 0.25:
        sky = gradient((25, 30, 55), (60, 55, 80), y0, y1)
    green = mottled(
        plain(pick(rng, [(80, 120, 60), (150, 150, 150), (110, 100, 80)])), rng, 0.25, 40
    )
    sill = y0 + (y1 - y0) * rng.uniform(0.5, 0.85)
    panes = int(rng.integers(1, 4))
    for i in range(panes):
        a = x + frame + (width - frame) * i / panes
        b = x + (width - frame) * (i + 1) / panes
        canvas.fill(canvas.rectangle(a, y0 + frame, b, y1 - frame), sky, value)
        canvas.fill(canvas.rectangle(a, sill, b, y1 - frame), green, value)
    if rng.random() < 0.5:
        bar = (y0 + y1) / 2
        canvas.fill(canvas.rectangle(x, bar - frame / 2, x + width, bar + frame / 2), wood, value)


def door(canvas: Canvas, rng: np.random.Generator, x: float, width: float, wall: Wall) -> None:
    """Paints a door down to the floor."""
    value = mask_values()['door']
    y0 = wall.base - wall.person * rng.uniform(1.15, 1.3)
    y0 = max(y0, wall.top + 0.02)
    width = min(width, 0.62 * (wall.base - y0))
    colour = pick(rng, [*_WOODS, (235, 232, 225), (90, 110, 130)])
    canvas.fill(
        canvas.rectangle(x, y0, x + width, wall.base), plain(mix(colour, _WHITE, 0.35)), value
    )
    a, b = x + 0.08 * width, x + 0.92 * width
    leaf = stripes(colour, mix(colour, _BLACK, 0.08), 0.02, 1, 0)
    canvas.fill(canvas.rectangle(a, y0 + 0.05 * width, b, wall.base), leaf, value)
    height = wall.base - y0
    rim = 0.12 * width
    for low, high in ((0.1, 0.45), (0.55, 0.92)):
        panel = canvas.rectangle(a + rim, y0 + low * height, b - rim, y0 + high * height)
        canvas.fill(panel, plain(mix(colour, _BLACK, 0.22)), value)
    knob = canvas.ellipse(b - 0.08 * width, y0 + 0.5 * height, 0.06 * width, 0.06 * width)
    canvas.fill(knob, plain((215, 190, 110)), value)


def painting(canvas: Canvas, rng: np.random.Generator, x: float, width: float, wall: Wall) -> None:
    """Paints a framed landscape, portrait or pattern."""
    value = mask_values()['painting']
    height = wall.base - wall.top
    width *= rng.uniform(0.6, 1.0)
    y0 = wall.top + height * rng.uniform(0.12, 0.28)
    y1 = y0 + min(height * rng.uniform(0.25, 0.42), width * rng.uniform(0.7, 1.3))
    frame = max(0.012, 1.4 / canvas.size)
    canvas.shade(canvas.rectangle(x + frame, y0 + frame, x + width + frame, y1 + frame), 0.8)
    canvas.fill(
        canvas.rectangle(x, y0, x + width, y1),
        plain(pick(rng, [*_WOODS, (205, 170, 80), (30, 30, 30)])),
        value,
    )
    inner = canvas.rectangle(x + frame, y0 + frame, x + width - frame, y1 - frame)
    middle = y0 + (y1 - y0) * rng.uniform(0.4, 0.7)
    kind = rng.integers(3)
    if kind == 0:  # a landscape
        canvas.fill(
            inner,
            gradient(any_colour(rng, 120, 240), any_colour(rng, 120, 240), y0, middle),
            value,
        )
        land = canvas.rectangle(x + frame, middle, x + width - frame, y1 - frame)
        canvas.fill(land, mottled(plain(any_colour(rng)), rng, 0.4, 40), value)
    elif kind == 1:  # a portrait
        canvas.fill(inner, mottled(plain(any_colour(rng, 20, 120)), rng, 0.3, 30), value)
        r = 0.2 * min(width, y1 - y0)
        face = canvas.ellipse(x + width / 2, (y0 + y1) / 2 - 0.3 * r, 0.8 * r, r)
        canvas.fill(face, plain(near(rng, (205, 160, 130))), value)
        chest = canvas.rectangle(
            x + width / 2 - 1.3 * r,
            (y0 + y1) / 2 + 0.7 * r,
            x + width / 2 + 1.3 * r,
            y1 - frame,
        )
        canvas.fill(chest, plain(any_colour(rng)), value)
    else:  # an abstract one
        dx, dy = rng.uniform(-1, 1, 2)
        canvas.fill(
            inner,
            stripes(any_colour(rng), any_colour(rng), rng.uniform(0.04, 0.1), dx, dy),
            value,
        )


def pendant(canvas: Canvas, rng: np.random.Generator) -> None:
    """Paints a lamp that hangs from the ceiling."""
    value = mask_values()['lamp']
    x, low, r = rng.uniform(0.3, 0.7), rng.uniform(0.14, 0.26), rng.uniform(0.035, 0.07)
    cord = max(0.005, 0.6 / canvas.size)
    canvas.fill(canvas.rectangle(x - cord, 0, x + cord, low), plain((50, 50, 50)), value)
    shade = canvas.polygon(
        [(x - 0.4 * r, low - r), (x + 0.4 * r, low - r), (x + r, low), (x - r, low)]
    )
    canvas.fill(shade, plain(pick(rng, [(245, 225, 170), (60, 60, 65), (190, 80, 60)])), value)
    canvas.fill(canvas.ellipse(x, low, 0.5 * r, 0.25 * r), plain((255, 245, 205)), value)
