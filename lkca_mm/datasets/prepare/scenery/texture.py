"""What surfaces look like: colours as functions of the place."""

from collections.abc import Sequence

import numpy as np

from lkca_mm.datasets.prepare.scenery.canvas import Paint

Colour = Sequence[float]


def mix(a: Colour, b: Colour, share: float) -> tuple[float, ...]:
    """Returns the colour that lies ``share`` of the way from a to b."""
    return tuple(p + (q - p) * share for p, q in zip(a, b, strict=True))


def any_colour(rng: np.random.Generator, low: float = 30, high: float = 230) -> Colour:
    """Draws a colour; half of them are greyish, as most things are."""
    colour = low + (high - low) * rng.random(3)
    grey = 0.7 * rng.integers(2)
    return tuple(mix(colour, [colour.mean()] * 3, grey))


def near(rng: np.random.Generator, colour: Colour, spread: float = 18) -> Colour:
    """Draws a colour near another one."""
    return tuple(np.asarray(colour) + spread * (2 * rng.random(3) - 1))


def pick(rng: np.random.Generator, colours: Sequence[Colour], spread: float = 18) -> Colour:
    """Draws one of several colours and varies it."""
    return near(rng, colours[int(rng.integers(len(colours)))], spread)


def plain(colour: Colour) -> Paint:
    """One colour everywhere."""
    return lambda x, y: np.broadcast_to(np.asarray(colour), (y.shape[0], x.shape[1], 3))


def _between(a: Colour, b: Colour, share: np.ndarray) -> np.ndarray:
    first, second = np.asarray(a), np.asarray(b)
    return first + (second - first) * share[..., None]


def gradient(a: Colour, b: Colour, y0: float, y1: float) -> Paint:
    """From ``a`` at height y0 to ``b`` at y1."""
    return lambda x, y: _between(a, b, np.clip((y - y0) / (y1 - y0) + 0 * x, 0, 1))


def stripes(a: Colour, b: Colour, period: float, dx: float, dy: float, share: float = 0.5) -> Paint:
    """Stripes across the direction (dx, dy); ``share`` of each period is ``b``."""

    def paint(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        place = (x * dx + y * dy) / period
        return _between(a, b, (place - np.floor(place) < share).astype(float))

    return paint


def bricks(a: Colour, mortar: Colour, width: float, height: float) -> Paint:
    """Rows of bricks, every other one moved by half a brick."""

    def paint(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        v = y / height
        u = x / width + 0.5 * (np.floor(v) % 2)
        joint = (u - np.floor(u) < 0.16) | (v - np.floor(v) < 0.22)
        return _between(a, mortar, joint.astype(float))

    return paint


def checks(a: Colour, b: Colour, period: float) -> Paint:
    """A chessboard."""
    return lambda x, y: _between(a, b, (np.floor(x / period) + np.floor(y / period)) % 2)


def receding(
    a: Colour, b: Colour, vanishing: tuple[float, float], across: float, along: float
) -> Paint:
    """Tiles on a plane that runs to a vanishing point.

    Args:
        a: One colour.
        b: The other colour.
        vanishing: Where the lines along the view meet.
        across: Tiles across the bottom edge, per unit.
        along: Tiles along the view; 0 makes boards.
    """

    def paint(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        depth = 1 / np.maximum(y - vanishing[1], 0.02)
        place = np.floor((x - vanishing[0]) * depth * across) + np.floor(depth * along + 0 * x)
        return _between(a, b, place % 2)

    return paint


def mottled(paint: Paint, rng: np.random.Generator, amount: float, cells: int) -> Paint:
    """Varies the brightness of a surface by soft blotches.

    Args:
        paint: The surface.
        rng: Draws the blotches.
        amount: The largest change of brightness, as a share.
        cells: Blotches along a side of the picture.
    """
    knots = 2 * rng.random((cells + 2, cells + 2)) - 1

    def varied(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        column, row = (np.clip(place * cells, 0, cells) for place in (x[0], y[:, 0]))
        i, j = row.astype(int), column.astype(int)
        down, right = (row - i)[:, None], (column - j)[None, :]
        upper = knots[np.ix_(i, j)] * (1 - right) + knots[np.ix_(i, j + 1)] * right
        lower = knots[np.ix_(i + 1, j)] * (1 - right) + knots[np.ix_(i + 1, j + 1)] * right
        change = upper * (1 - down) + lower * down
        return paint(x, y) * (1 + amount * change[..., None])

    return varied
