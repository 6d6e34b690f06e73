"""The houses of a street."""

import numpy as np

from lkca_mm.datasets.prepare.scenery.canvas import Canvas
from lkca_mm.datasets.prepare.scenery.classes import mask_values
from lkca_mm.datasets.prepare.scenery.texture import (
    Colour,
    bricks,
    mix,
    mottled,
    pick,
    plain,
)
from lkca_mm.datasets.prepare.scenery.view import StreetView

_FACADES = [
    (178, 92, 70),
    (205, 190, 160),
    (150, 150, 155),
    (225, 220, 210),
    (120, 100, 90),
    (190, 150, 90),
    (110, 135, 160),
]
_WHITE = (255, 255, 255)
_BLACK = (0, 0, 0)


def houses(canvas: Canvas, rng: np.random.Generator, view: StreetView) -> None:
    """Paints the far end of the street and the houses along both sides."""
    h = view.horizon
    haze = canvas.pixels[int(h * canvas.size) - 2, 0].copy()
    for _ in range(rng.integers(3, 7)):  # the far end of the street
        x, width = view.middle + rng.uniform(-0.3, 0.3), rng.uniform(0.05, 0.12)
        colour = mix(pick(rng, _FACADES), haze, 0.5)
        _facade(canvas, rng, x, x + width, h - rng.uniform(0.06, 0.2), h + 0.012, colour)
    for side in (-1, 1):
        if rng.random() < 0.12:
            continue  # open country on this side
        edge = view.walk + rng.uniform(0.0, 0.12)
        depth = rng.uniform(0.1, 0.18)
        while depth < 0.95:
            nearer = depth * rng.uniform(1.5, 2.1)
            if rng.random() < 0.82:
                _house(
                    canvas, rng, view, side, edge, depth, min(nearer, 1.6), rng.uniform(0.7, 1.7)
                )
            depth = nearer


def _house(
    canvas: Canvas,
    rng: np.random.Generator,
    view: StreetView,
    side: int,
    edge: float,
    far: float,
    near_: float,
    storeys: float,
) -> None:
    """Paints the long side of a house along the street, then its front."""
    h = view.horizon
    scale = 1 - h
    colour = pick(rng, _FACADES)
    x0, x1 = view.middle + side * edge * far, view.middle + side * edge * near_
    y0, y1 = h + far * scale, h + near_ * scale
    t0, t1 = (h - storeys * d * scale for d in (far, near_))
    wall = (
        bricks(colour, mix(colour, _WHITE, 0.3), 0.05, 0.03)
        if rng.random() < 0.4
        else plain(colour)
    )
    corners = [(x0, t0), (x1, t1), (x1, y1), (x0, y0)]
    value = mask_values()['building']
    dim = rng.uniform(0.72, 0.95)
    canvas.fill(canvas.polygon(corners), mottled(wall, rng, 0.1, 8), value)
    canvas.shade(canvas.polygon(corners), dim)
    glass = plain(pick(rng, [(60, 75, 95), (120, 150, 175), (45, 45, 55), (235, 215, 150)], 10))
    rows, columns = int(rng.integers(2, 5)), int(rng.integers(2, 5))
    for row in range(rows):
        a, b = (row + 0.25) / (rows + 0.6), (row + 0.75) / (rows + 0.6)
        for column in range(columns):
            u, v = (column + 0.25) / columns, (column + 0.75) / columns
            pane = [
                (
                    x0 + (x1 - x0) * s,
                    t0 + (t1 - t0) * s + (y0 - t0 + (y1 - t1 - y0 + t0) * s) * t,
                )
                for s, t in ((u, a), (v, a), (v, b), (u, b))
            ]
            canvas.fill(canvas.polygon(pane), glass, value)
    # The end wall faces us and hides what is behind it.
    back = x0 + side * rng.uniform(0.5, 1.0) * far
    _facade(canvas, rng, min(x0, back), max(x0, back), t0, y0, colour)


def _facade(
    canvas: Canvas,
    rng: np.random.Generator,
    x0: float,
    x1: float,
    top: float,
    base: float,
    colour: Colour,
) -> None:
    """Paints a wall that faces us, with a grid of windows."""
    value = mask_values()['building']
    width, height = x1 - x0, base - top
    wall = plain(colour)
    if rng.random() < 0.35:
        wall = bricks(colour, mix(colour, _WHITE, 0.3), 0.05, 0.03)
    canvas.fill(canvas.rectangle(x0, top, x1, base), mottled(wall, rng, 0.1, 10), value)
    if rng.random() < 0.4:
        peak = top - 0.25 * width
        roof = canvas.polygon([(x0, top), ((x0 + x1) / 2, peak), (x1, top)])
        canvas.fill(roof, plain(pick(rng, [(120, 60, 50), (85, 85, 92), (100, 75, 60)])), value)
    else:
        canvas.fill(
            canvas.rectangle(x0, top, x1, top + 0.04 * height),
            plain(mix(colour, _BLACK, 0.3)),
            value,
        )
    columns, rows = max(1, round(width / 0.055)), max(1, round(height / 0.075))
    dark, lit = (
        plain(mix(colour, (35, 45, 65), 0.8)),
        plain(pick(rng, [(240, 220, 150), (170, 195, 215)])),
    )
    for row in range(rows):
        y = top + height * (row + 0.3) / (rows + 0.3)
        for column in range(columns):
            x = x0 + width * (column + 0.25) / columns
            pane = canvas.rectangle(
                x, y, x + 0.5 * width / columns, y + 0.5 * height / (rows + 0.3)
            )
            canvas.fill(pane, lit if rng.random() < 0.25 else dark, value)
