"""Furniture that stands on the floor, sized by ``person``: how high someone there would be."""

import numpy as np

from lkca_mm.datasets.prepare.scenery.canvas import Canvas
from lkca_mm.datasets.prepare.scenery.classes import mask_values
from lkca_mm.datasets.prepare.scenery.figures import clutter, shadow
from lkca_mm.datasets.prepare.scenery.texture import (
    any_colour,
    gradient,
    mix,
    mottled,
    pick,
    plain,
    stripes,
)

_WOODS = [(150, 105, 65), (110, 74, 48), (190, 150, 105), (84, 60, 46), (205, 185, 160)]
_WHITE = (255, 255, 255)
_BLACK = (0, 0, 0)


def floor_lamp(canvas: Canvas, rng: np.random.Generator, x: float, y: float, person: float) -> None:
    """Paints a lamp on a pole, lit or not."""
    value = mask_values()['lamp']
    h = person * rng.uniform(0.85, 1.05)
    pole = max(0.016 * h, 0.7 / canvas.size)
    shadow(canvas, x, y, 0.25 * h)
    metal = plain(pick(rng, [(60, 60, 62), (180, 150, 90), (200, 200, 200)], 10))
    canvas.fill(canvas.rectangle(x - pole, y - h, x + pole, y), metal, value)
    canvas.fill(canvas.ellipse(x, y, 0.1 * h, 0.03 * h), metal, value)
    lit = rng.random() < 0.5
    if lit:
        for r in (0.18, 0.24, 0.3, 0.36):
            glow = canvas.ellipse(x, y - 0.85 * h, r * h, r * h)
            canvas.shade(glow, (1.04, 1.035, 1.01))
    colour = (255, 240, 195) if lit else pick(rng, [(225, 205, 170), (150, 60, 55), (90, 110, 120)])
    shade = [
        (x - 0.08 * h, y - h),
        (x + 0.08 * h, y - h),
        (x + 0.15 * h, y - 0.76 * h),
        (x - 0.15 * h, y - 0.76 * h),
    ]
    canvas.fill(
        canvas.polygon(shade),
        gradient(colour, mix(colour, _BLACK, 0.15), y - h, y - 0.76 * h),
        value,
    )


def table(canvas: Canvas, rng: np.random.Generator, x: float, y: float, person: float) -> None:
    """Paints a table, now and then with something on it."""
    value = mask_values()['table']
    h = person * rng.uniform(0.38, 0.5)
    half, deep = h * rng.uniform(0.8, 1.5), 0.24 * h
    wood = pick(rng, [*_WOODS, (230, 228, 222)])
    leg, dark = max(0.05 * h, 0.8 / canvas.size), plain(mix(wood, _BLACK, 0.35))
    shadow(canvas, x, y, 2 * half)
    for side in (-1, 1):
        for inner, low in ((0.7, y - deep), (0.92, y)):
            foot = x + side * half * inner
            canvas.fill(canvas.rectangle(foot - leg, y - h, foot + leg, low), dark, value)
    top = stripes(wood, mix(wood, _BLACK, 0.08), 0.03, 0.2, 1)
    if rng.random() < 0.4:
        canvas.fill(canvas.ellipse(x, y - h, half, deep), top, value)
    else:
        corners = [
            (x - 0.75 * half, y - h - deep),
            (x + 0.75 * half, y - h - deep),
            (x + half, y - h),
            (x - half, y - h),
        ]
        canvas.fill(canvas.polygon(corners), top, value)
        canvas.fill(
            canvas.rectangle(x - half, y - h, x + half, y - 0.86 * h),
            plain(mix(wood, _BLACK, 0.2)),
            value,
        )
    if rng.random() < 0.4:
        clutter(canvas, rng, x + rng.uniform(-0.4, 0.4) * half, y - h - 0.3 * deep, 0.3 * h)


def chair(canvas: Canvas, rng: np.random.Generator, x: float, y: float, person: float) -> None:
    """Paints a chair seen from the front."""
    value = mask_values()['chair']
    h = person * rng.uniform(0.5, 0.6)
    w, leg = 0.24 * h, max(0.03 * h, 0.7 / canvas.size)
    lean = rng.uniform(-0.08, 0.08) * h
    wood, cloth = pick(rng, [*_WOODS, (40, 40, 42)]), any_colour(rng)
    frame = plain(wood)
    seat = y - 0.48 * h
    shadow(canvas, x, y, 2 * w)
    for side in (-1, 1):
        canvas.fill(
            canvas.rectangle(
                x + side * 0.75 * w - leg + lean,
                seat,
                x + side * 0.75 * w + leg + lean,
                y - 0.08 * h,
            ),
            frame,
            value,
        )
    back = [
        (x - w + 1.6 * lean, y - h),
        (x + w + 1.6 * lean, y - h),
        (x + w + lean, seat),
        (x - w + lean, seat),
    ]
    if rng.random() < 0.5:
        canvas.fill(canvas.polygon(back), plain(cloth), value)
        canvas.shade(canvas.polygon(back), 0.9)
    else:
        for place in (-1.0, 0.0, 1.0):
            bottom, top = x + place * 0.9 * w + lean, x + place * 0.9 * w + 1.6 * lean
            canvas.fill(
                canvas.polygon(
                    [
                        (top - leg, y - h),
                        (top + leg, y - h),
                        (bottom + leg, seat),
                        (bottom - leg, seat),
                    ]
                ),
                frame,
                value,
            )
        rail = canvas.rectangle(x - w + 1.6 * lean, y - h, x + w + 1.6 * lean, y - 0.84 * h)
        canvas.fill(rail, frame, value)
    corners = [
        (x - w + lean, seat - 0.03 * h),
        (x + w + lean, seat - 0.03 * h),
        (x + 1.12 * w, seat + 0.1 * h),
        (x - 1.12 * w, seat + 0.1 * h),
    ]
    canvas.fill(canvas.polygon(corners), plain(mix(cloth, _WHITE, 0.15)), value)
    for side in (-1, 1):
        foot = x + side * w
        canvas.fill(canvas.rectangle(foot - leg, seat + 0.08 * h, foot + leg, y), frame, value)


def sofa(canvas: Canvas, rng: np.random.Generator, x: float, y: float, person: float) -> None:
    """Paints a sofa seen from the front."""
    value = mask_values()['sofa']
    h = person * rng.uniform(0.45, 0.55)
    half = h * rng.uniform(1.0, 1.6)
    colour = any_colour(rng, 50, 210)
    weave = mottled(plain(colour), rng, 0.1, 48)
    shadow(canvas, x, y, 2.1 * half)
    canvas.fill(
        canvas.rectangle(x - 0.92 * half, y - h, x + 0.92 * half, y - 0.2 * h), weave, value
    )
    for side in (-1, 1):
        canvas.fill(
            canvas.ellipse(x + side * 0.8 * half, y - 0.97 * h, 0.13 * half, 0.06 * h),
            weave,
            value,
        )
    seats = int(rng.integers(2, 4))
    for i in range(seats):
        a, b = (x - 0.8 * half + 1.6 * half * (i + s) / seats for s in (0.03, 0.97))
        canvas.fill(
            canvas.rectangle(a, y - 0.9 * h, b, y - 0.5 * h),
            plain(mix(colour, _WHITE, 0.12)),
            value,
        )
        canvas.fill(
            canvas.rectangle(a, y - 0.48 * h, b, y - 0.3 * h),
            plain(mix(colour, _WHITE, 0.25)),
            value,
        )
    canvas.fill(
        canvas.rectangle(x - 0.85 * half, y - 0.3 * h, x + 0.85 * half, y - 0.06 * h),
        plain(mix(colour, _BLACK, 0.2)),
        value,
    )
    for side in (-1, 1):
        a, b = sorted((x + side * half, x + side * 0.78 * half))
        canvas.fill(
            canvas.rectangle(a, y - 0.62 * h, b, y - 0.04 * h),
            plain(mix(colour, _BLACK, 0.08)),
            value,
        )
        canvas.fill(canvas.ellipse((a + b) / 2, y - 0.62 * h, 0.11 * half, 0.07 * h), weave, value)
        canvas.fill(
            canvas.rectangle(a, y - 0.05 * h, a + 0.06 * half, y), plain((50, 40, 35)), value
        )
