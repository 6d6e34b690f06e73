"""Streets: sky, houses, trees, a road that runs to the horizon, and who is on it."""

import numpy as np

from lkca_mm.datasets.prepare.scenery.buildings import houses
from lkca_mm.datasets.prepare.scenery.canvas import Canvas, Paint
from lkca_mm.datasets.prepare.scenery.car import car
from lkca_mm.datasets.prepare.scenery.classes import UNNAMED, mask_values
from lkca_mm.datasets.prepare.scenery.figures import clutter, person
from lkca_mm.datasets.prepare.scenery.roadside import fence, streetlight, tree
from lkca_mm.datasets.prepare.scenery.texture import (
    gradient,
    mix,
    mottled,
    near,
    pick,
    plain,
    stripes,
)
from lkca_mm.datasets.prepare.scenery.view import StreetView

_SKIES = [
    ((70, 130, 210), (200, 222, 240)),
    ((120, 165, 220), (225, 230, 235)),
    ((165, 170, 178), (205, 206, 208)),
    ((95, 90, 140), (245, 180, 120)),
    ((55, 70, 110), (150, 140, 160)),
]
_GROUNDS = [(104, 142, 68), (134, 150, 84), (84, 118, 62), (150, 140, 95)]
_ROADS = [(92, 92, 96), (118, 115, 112), (72, 74, 80), (136, 124, 112)]
_PAVEMENTS = [(168, 164, 158), (188, 176, 158), (146, 142, 142), (170, 130, 112)]
_WHITE, _BLACK = (255, 255, 255), (0, 0, 0)


def paint_street(canvas: Canvas, rng: np.random.Generator) -> None:
    """Paints a street from far to near.

    Args:
        canvas: The empty picture.
        rng: Draws everything.
    """
    view = StreetView.draw(rng)
    _sky(canvas, rng, view)
    _ground(canvas, rng, view)
    houses(canvas, rng, view)
    things = []
    for paint, count in (
        (tree, rng.integers(1, 5)),
        (fence, rng.integers(0, 3)),
        (streetlight, rng.integers(1, 4)),
        (car, rng.integers(1, 5)),
        (_pedestrian, rng.integers(1, 5)),
        (_litter, rng.integers(0, 3)),
    ):
        for _ in range(count):
            depth = 0.04 + 0.72 * rng.random() ** 2  # squared: most things are far away
            things.append((view.horizon + depth * (1 - view.horizon), paint))
    for y, paint in sorted(things, key=lambda thing: thing[0]):
        paint(canvas, rng, view, y)


def _sky(canvas: Canvas, rng: np.random.Generator, view: StreetView) -> None:
    value = mask_values()['sky']
    top, bottom = _SKIES[int(rng.integers(len(_SKIES)))]
    bottom = near(rng, bottom, 12)
    sky = canvas.rectangle(0, 0, 1, view.horizon + 0.02)
    canvas.fill(sky, gradient(near(rng, top, 12), bottom, 0, view.horizon), value)
    for _ in range(rng.integers(0, 5)):
        x, y = rng.uniform(0, 1), rng.uniform(0.02, view.horizon * 0.7)
        cloud = mottled(plain(mix(bottom, _WHITE, rng.uniform(0.3, 0.8))), rng, 0.06, 12)
        for _ in range(4):
            dx, dy, r = (
                rng.uniform(-0.1, 0.1),
                rng.uniform(-0.015, 0.015),
                rng.uniform(0.03, 0.08),
            )
            canvas.fill(canvas.ellipse(x + dx, y + dy, r, r * 0.4), cloud, value)
    if rng.random() < 0.3:
        bird = canvas.ellipse(rng.uniform(0, 1), rng.uniform(0.02, 0.25), 0.022, 0.012)
        canvas.fill(bird, plain((60, 55, 60)), UNNAMED)


def _ground(canvas: Canvas, rng: np.random.Generator, view: StreetView) -> None:
    value, h = mask_values(), view.horizon
    green = mottled(plain(pick(rng, _GROUNDS)), rng, 0.28, 40)
    canvas.fill(canvas.rectangle(0, h, 1, 1), green, value['grass'])
    tone = pick(rng, _PAVEMENTS)
    slabs = mottled(stripes(tone, mix(tone, _BLACK, 0.12), 0.06, 0, 1, 0.2), rng, 0.1, 30)
    _lane(canvas, view, view.walk, slabs, value['sidewalk'])
    kerb = plain(mix(tone, _WHITE, 0.35))
    _lane(canvas, view, view.road + 0.03, kerb, value['sidewalk'])
    asphalt = pick(rng, _ROADS, 10)
    _lane(canvas, view, view.road, mottled(plain(asphalt), rng, 0.14, 24), value['road'])
    line = plain(mix(asphalt, (240, 235, 200), 0.75))
    near_end = 1.0
    while near_end - h > 0.05:
        far_end = h + (near_end - h) * 0.72
        corners = [
            (view.at(-0.018, near_end), near_end),
            (view.at(0.018, near_end), near_end),
            (view.at(0.018, far_end), far_end),
            (view.at(-0.018, far_end), far_end),
        ]
        canvas.fill(canvas.polygon(corners), line, value['road'])
        near_end = h + (near_end - h) * 0.5
    if rng.random() < 0.3:
        y0 = h + rng.uniform(0.35, 0.6) * (1 - h)
        y1 = y0 + 0.14 * (1 - h)
        for i in range(-4, 5):
            a, b = (i - 0.25) * view.road / 4.6, (i + 0.25) * view.road / 4.6
            corners = [
                (view.at(a, y0), y0),
                (view.at(b, y0), y0),
                (view.at(b, y1), y1),
                (view.at(a, y1), y1),
            ]
            canvas.fill(canvas.polygon(corners), line, value['road'])


def _lane(canvas: Canvas, view: StreetView, half: float, paint: Paint, label: int) -> None:
    """Paints a strip along the street, ``half`` to each side at the bottom edge."""
    corners = [(view.at(-half, 1), 1), (view.at(half, 1), 1), (view.middle, view.horizon)]
    canvas.fill(canvas.polygon(corners), paint, label)


def _pedestrian(canvas: Canvas, rng: np.random.Generator, view: StreetView, y: float) -> None:
    height = (y - view.horizon) * rng.uniform(0.85, 1.12) + 0.015
    on_road = rng.random() < 0.2
    low, high = (0.1, view.road) if on_road else (view.road + 0.05, view.walk + 0.1)
    person(canvas, rng, view.beside(rng, y, low, high), y, height)


def _litter(canvas: Canvas, rng: np.random.Generator, view: StreetView, y: float) -> None:
    height = (y - view.horizon) * rng.uniform(0.3, 0.5) + 0.01
    clutter(canvas, rng, view.beside(rng, y, view.road, view.walk), y, height)
