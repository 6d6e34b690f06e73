"""What stands beside a road."""

import numpy as np

from lkca_mm.datasets.prepare.scenery.canvas import Canvas
from lkca_mm.datasets.prepare.scenery.classes import mask_values
from lkca_mm.datasets.prepare.scenery.figures import shadow
from lkca_mm.datasets.prepare.scenery.texture import (
    mix,
    mottled,
    pick,
    plain,
)
from lkca_mm.datasets.prepare.scenery.view import StreetView

_LEAVES = [(62, 105, 48), (95, 130, 55), (45, 85, 60), (175, 120, 45), (205, 150, 165)]
_WHITE = (255, 255, 255)
_BLACK = (0, 0, 0)


def tree(canvas: Canvas, rng: np.random.Generator, view: StreetView, y: float) -> None:
    """Paints a fir or a tree with a round crown."""
    value = mask_values()['tree']
    unit = y - view.horizon
    x = view.beside(rng, y, view.road + 0.1, view.walk + 0.5)
    height = unit * rng.uniform(1.7, 3.0) + 0.03
    shadow(canvas, x, y, 0.5 * height)
    trunk = 0.035 * height
    bark = mottled(plain(pick(rng, [(92, 70, 52), (120, 110, 100)])), rng, 0.3, 60)
    canvas.fill(
        canvas.polygon(
            [
                (x - trunk, y),
                (x + trunk, y),
                (x + trunk / 2, y - 0.6 * height),
                (x - trunk / 2, y - 0.6 * height),
            ]
        ),
        bark,
        value,
    )
    colour = pick(rng, _LEAVES)
    if rng.random() < 0.25:  # a fir
        for i in range(3):
            low, wide = y - height * (0.15 + 0.24 * i), height * (0.26 - 0.06 * i)
            corners = [(x - wide, low), (x + wide, low), (x, low - 0.42 * height)]
            leaves = mottled(plain(mix(colour, (30, 70, 50), 0.5)), rng, 0.35, 64)
            canvas.fill(canvas.polygon(corners), leaves, value)
        return
    for i in range(9):
        dx, dy = rng.uniform(-0.2, 0.2) * height, rng.uniform(-0.2, 0.16) * height
        r = rng.uniform(0.11, 0.18) * height
        tone = mix(colour, _WHITE if i > 5 else _BLACK, 0.12)
        leaves = mottled(plain(tone), rng, 0.35, 64)
        canvas.fill(canvas.ellipse(x + dx, y - 0.72 * height + dy, r, r * 0.85), leaves, value)


def fence(canvas: Canvas, rng: np.random.Generator, view: StreetView, y: float) -> None:
    """Paints a piece of fence across the view."""
    value = mask_values()['fence']
    unit = (y - view.horizon) * rng.uniform(0.55, 0.8) + 0.012
    side = 1 if rng.random() < 0.5 else -1
    x = view.at(side * (view.walk + rng.uniform(0.0, 0.1)), y)
    far = x + side * rng.uniform(1.5, 4.0) * unit
    colour = pick(rng, [(215, 210, 200), (110, 85, 60), (70, 75, 80), (95, 120, 90)])
    x0, x1 = min(x, far), max(x, far)
    area = canvas.rectangle(x0, y - unit, x1, y)
    canvas.shade(area, 0.86)  # the gaps show what is behind, as in ADE20K's masks
    canvas.labels[area.rows, area.cols][area.inside] = value
    step = max(unit * 0.26, 2.6 / canvas.size)
    post = x0
    while post < x1:
        canvas.fill(
            canvas.rectangle(post, y - unit, min(post + step * 0.5, x1), y),
            plain(colour),
            value,
        )
        post += step
    for share in (0.25, 0.75):
        rail = canvas.rectangle(
            x0, y - share * unit - 0.06 * unit, x1, y - share * unit + 0.06 * unit
        )
        canvas.fill(rail, plain(mix(colour, _BLACK, 0.15)), value)


def streetlight(canvas: Canvas, rng: np.random.Generator, view: StreetView, y: float) -> None:
    """Paints a street lamp, with an arm or without."""
    value = mask_values()['streetlight']
    unit = y - view.horizon
    side = 1 if rng.random() < 0.5 else -1
    x = view.at(side * (view.road + rng.uniform(0.05, 0.1)), y)
    height, width = unit * rng.uniform(1.7, 2.6) + 0.04, max(0.028 * unit, 0.7 / canvas.size)
    steel = plain(pick(rng, [(70, 75, 78), (125, 128, 130), (45, 60, 55)], 10))
    top = y - height
    canvas.fill(canvas.rectangle(x - width, top, x + width, y), steel, value)
    canvas.fill(canvas.rectangle(x - 2 * width, y - 0.06 * height, x + 2 * width, y), steel, value)
    lamp = plain(pick(rng, [(255, 240, 190), (210, 210, 205)], 10))
    reach = -side * 0.16 * height
    if rng.random() < 0.6:
        canvas.fill(
            canvas.rectangle(min(x, x + reach), top - width, max(x, x + reach), top + width),
            steel,
            value,
        )
        canvas.fill(
            canvas.ellipse(x + reach, top + width, 0.06 * height, 0.03 * height), lamp, value
        )
    else:
        canvas.fill(canvas.ellipse(x, top, 0.055 * height, 0.055 * height), lamp, value)
