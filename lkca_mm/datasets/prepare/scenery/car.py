"""Cars, seen from the side or from an end."""

import numpy as np

from lkca_mm.datasets.prepare.scenery.canvas import Canvas
from lkca_mm.datasets.prepare.scenery.classes import mask_values
from lkca_mm.datasets.prepare.scenery.texture import (
    any_colour,
    gradient,
    mix,
    plain,
)
from lkca_mm.datasets.prepare.scenery.view import StreetView

_WHITE = (255, 255, 255)
_BLACK = (0, 0, 0)


def car(canvas: Canvas, rng: np.random.Generator, view: StreetView, y: float) -> None:
    """Paints a car whose wheels stand at height y."""
    value = mask_values()['car']
    unit = (y - view.horizon) * 0.72 + 0.012
    x = view.beside(rng, y, 0.25 * view.road, 0.8 * view.road)
    colour = any_colour(rng)
    body, dark = (
        gradient(mix(colour, _WHITE, 0.2), mix(colour, _BLACK, 0.25), y - unit, y),
        plain((28, 28, 32)),
    )
    glass = gradient((150, 175, 195), (50, 60, 75), y - unit, y - 0.5 * unit)
    shown_from_side = rng.random() < 0.4
    half = (1.25 if shown_from_side else 0.62) * unit
    canvas.shade(canvas.ellipse(x, y, half * 1.1, 0.12 * unit), 0.5)

    def cabin(share: float, top: float, low: float) -> list[tuple[float, float]]:
        inner = half * share
        return [
            (x - inner * 0.78, y - top * unit),
            (x + inner * 0.78, y - top * unit),
            (x + inner, y - low * unit),
            (x - inner, y - low * unit),
        ]

    wheels = (-0.58, 0.58) if shown_from_side else (-0.78, 0.78)
    for place in wheels:
        wheel = 0.22 * unit
        width = wheel if shown_from_side else 0.55 * wheel
        canvas.fill(canvas.ellipse(x + place * half, y - wheel * 0.8, width, wheel), dark, value)
    canvas.fill(canvas.polygon(cabin(0.66 if shown_from_side else 0.9, 1.0, 0.5)), body, value)
    canvas.fill(canvas.polygon(cabin(0.58 if shown_from_side else 0.76, 0.92, 0.54)), glass, value)
    low = canvas.rectangle(x - half, y - 0.58 * unit, x + half, y - 0.16 * unit)
    canvas.fill(low, body, value)
    if shown_from_side:
        canvas.fill(
            canvas.rectangle(x - 0.03 * unit, y - 0.92 * unit, x + 0.03 * unit, y - 0.5 * unit),
            body,
            value,
        )
        for place in wheels:
            canvas.fill(
                canvas.ellipse(x + place * half, y - 0.18 * unit, 0.21 * unit, 0.2 * unit),
                dark,
                value,
            )
            canvas.fill(
                canvas.ellipse(x + place * half, y - 0.18 * unit, 0.09 * unit, 0.09 * unit),
                plain((170, 170, 175)),
                value,
            )
        lights = [(-0.95, (255, 235, 180)), (0.95, (190, 40, 35))]
    else:
        tone = (255, 240, 200) if rng.random() < 0.5 else (200, 35, 30)
        lights = [(-0.78, tone), (0.78, tone)]
        plate = canvas.rectangle(x - 0.18 * half, y - 0.34 * unit, x + 0.18 * half, y - 0.24 * unit)
        canvas.fill(plate, plain((235, 235, 225)), value)
    for place, tone in lights:
        canvas.fill(
            canvas.ellipse(x + place * half * 0.95, y - 0.45 * unit, 0.09 * unit, 0.07 * unit),
            plain(tone),
            value,
        )
