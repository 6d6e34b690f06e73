"""People and other things that stand both in streets and in rooms."""

import numpy as np

from lkca_mm.datasets.prepare.scenery.canvas import Canvas
from lkca_mm.datasets.prepare.scenery.classes import UNNAMED, mask_values
from lkca_mm.datasets.prepare.scenery.texture import any_colour, mix, pick, plain, stripes

_SKIN = [(224, 180, 150), (198, 145, 110), (140, 95, 70), (95, 65, 50)]
_HAIR = [(40, 30, 25), (90, 60, 35), (190, 150, 90), (130, 130, 130)]


def shadow(canvas: Canvas, x: float, y: float, width: float) -> None:
    """Darkens the ground under something of a width."""
    canvas.shade(canvas.ellipse(x, y, width * 0.6, width * 0.16), 0.62)


def person(canvas: Canvas, rng: np.random.Generator, x: float, y: float, height: float) -> None:
    """Paints someone whose feet are at (x, y)."""
    h, label = height, mask_values()['person']
    skin, hair = pick(rng, _SKIN, 12), pick(rng, _HAIR, 12)
    shirt, trousers = any_colour(rng), any_colour(rng, 20, 150)
    shadow(canvas, x, y, 0.34 * h)
    stride = rng.uniform(0.02, 0.09) * h
    hip, shoulder = y - 0.48 * h, y - 0.83 * h
    if rng.random() < 0.25:  # a skirt or a coat over bare legs
        for side in (-1, 1):
            foot = x + side * stride
            canvas.fill(
                canvas.rectangle(foot - 0.03 * h, y - 0.3 * h, foot + 0.03 * h, y),
                plain(skin),
                label,
            )
        canvas.fill(
            canvas.polygon(
                [
                    (x - 0.08 * h, hip - 0.04 * h),
                    (x + 0.08 * h, hip - 0.04 * h),
                    (x + 0.15 * h, y - 0.22 * h),
                    (x - 0.15 * h, y - 0.22 * h),
                ]
            ),
            plain(trousers),
            label,
        )
    else:
        for side in (-1, 1):
            foot = x + side * (stride + 0.03 * h)
            canvas.fill(
                canvas.polygon(
                    [
                        (x, hip - 0.03 * h),
                        (x + side * 0.1 * h, hip - 0.03 * h),
                        (foot + 0.04 * h, y),
                        (foot - 0.04 * h, y),
                    ]
                ),
                plain(mix(trousers, (0, 0, 0), 0.15 if side < 0 else 0)),
                label,
            )
    for side in (-1, 1):
        hand = x + side * rng.uniform(0.14, 0.24) * h
        reach = y - rng.uniform(0.42, 0.62) * h
        canvas.fill(
            canvas.polygon(
                [
                    (x + side * 0.08 * h, shoulder),
                    (x + side * 0.13 * h, shoulder + 0.02 * h),
                    (hand + side * 0.025 * h, reach),
                    (hand - side * 0.025 * h, reach),
                ]
            ),
            plain(mix(shirt, (0, 0, 0), 0.2)),
            label,
        )
        canvas.fill(canvas.ellipse(hand, reach, 0.03 * h, 0.03 * h), plain(skin), label)
    torso = [
        (x - 0.1 * h, shoulder),
        (x + 0.1 * h, shoulder),
        (x + 0.095 * h, hip),
        (x - 0.095 * h, hip),
    ]
    cloth = plain(shirt)
    if rng.random() < 0.3:
        cloth = stripes(shirt, mix(shirt, (255, 255, 255), 0.6), 0.09 * h, 0, 1)
    canvas.fill(canvas.polygon(torso), cloth, label)
    canvas.fill(
        canvas.rectangle(x - 0.03 * h, shoulder - 0.05 * h, x + 0.03 * h, shoulder),
        plain(skin),
        label,
    )
    canvas.fill(canvas.ellipse(x, y - 0.925 * h, 0.062 * h, 0.075 * h), plain(hair), label)
    canvas.fill(canvas.ellipse(x, y - 0.905 * h, 0.05 * h, 0.055 * h), plain(skin), label)


def clutter(canvas: Canvas, rng: np.random.Generator, x: float, y: float, height: float) -> None:
    """Paints a ball, a box or a bin that has no name among the classes."""
    colour = any_colour(rng)
    shadow(canvas, x, y, height)
    kind = rng.integers(3)
    if kind == 0:
        region = canvas.ellipse(x, y - height / 2, height / 2, height / 2)
        canvas.fill(region, stripes(colour, any_colour(rng), height / 2, 1, 0.6), UNNAMED)
    elif kind == 1:
        region = canvas.rectangle(x - 0.6 * height, y - 0.8 * height, x + 0.6 * height, y)
        canvas.fill(region, plain(colour), UNNAMED)
        lid = canvas.rectangle(
            x - 0.6 * height, y - 0.8 * height, x + 0.6 * height, y - 0.6 * height
        )
        canvas.fill(lid, plain(mix(colour, (255, 255, 255), 0.4)), UNNAMED)
    else:
        w = 0.3 * height
        region = canvas.polygon(
            [(x - w, y - height), (x + w, y - height), (x + 0.7 * w, y), (x - 0.7 * w, y)]
        )
        canvas.fill(region, stripes(colour, mix(colour, (0, 0, 0), 0.4), w / 2, 1, 0), UNNAMED)
