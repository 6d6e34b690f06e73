"""A picture and its mask that are painted together, and the shapes to paint."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

# Colour (h, w, 3) in 0..255 at the unit coordinates x (1, w) and y (h, 1).
Paint = Callable[[np.ndarray, np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Region:
    """The pixels of a shape: a box of the picture and which pixels of it are inside.

    Attributes:
        rows: The rows of the box.
        cols: The columns of the box.
        inside: (h, w) bool.
    """

    rows: slice
    cols: slice
    inside: np.ndarray


class Canvas:
    """A square picture in floating point with one label a pixel.

    Coordinates are in units of the side: x to the right and y down, 0 to 1. Only
    sums, products, quotients and roots are used anywhere, so that the result does
    not hang on a platform's mathematical library.

    Args:
        size: The side in pixels.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self.pixels = np.zeros((size, size, 3))
        self.labels = np.zeros((size, size), np.uint8)
        self._centres = (np.arange(size) + 0.5) / size

    def _box(self, x0: float, y0: float, x1: float, y1: float) -> tuple[slice, slice]:
        """Returns the rows and columns of a box, cut at the edge of the picture."""
        cols, rows = (
            slice(
                min(max(int(low * self.size), 0), self.size),
                min(max(int(high * self.size) + 1, 0), self.size),
            )
            for low, high in ((x0, x1), (y0, y1))
        )
        return rows, cols

    def grid(self, rows: slice, cols: slice) -> tuple[np.ndarray, np.ndarray]:
        """Returns x (1, w) and y (h, 1) of the pixel centres in a box."""
        return self._centres[None, cols], self._centres[rows, None]

    def rectangle(self, x0: float, y0: float, x1: float, y1: float) -> Region:
        """Returns an upright rectangle."""
        rows, cols = self._box(x0, y0, x1, y1)
        x, y = self.grid(rows, cols)
        return Region(rows, cols, (x >= x0) & (x < x1) & (y >= y0) & (y < y1))

    def ellipse(self, x: float, y: float, rx: float, ry: float) -> Region:
        """Returns an upright ellipse about (x, y)."""
        rows, cols = self._box(x - rx, y - ry, x + rx, y + ry)
        u, v = self.grid(rows, cols)
        u, v = (u - x) / rx, (v - y) / ry
        return Region(rows, cols, u * u + v * v < 1)

    def polygon(self, corners: Sequence[tuple[float, float]]) -> Region:
        """Returns a polygon, by the even-odd rule."""
        xs, ys = zip(*corners, strict=True)
        rows, cols = self._box(min(xs), min(ys), max(xs), max(ys))
        x, y = self.grid(rows, cols)
        inside = np.zeros((y.shape[0], x.shape[1]), bool)
        for (xa, ya), (xb, yb) in zip(corners, [*corners[1:], corners[0]], strict=True):
            if ya == yb:
                continue
            crossed = (y >= min(ya, yb)) & (y < max(ya, yb))
            inside ^= crossed & (x < xa + (y - ya) * ((xb - xa) / (yb - ya)))
        return Region(rows, cols, inside)

    def fill(self, region: Region, paint: Paint, label: int | None) -> None:
        """Paints a shape over what is there; the labels stay if ``label`` is None."""
        if not region.inside.any():
            return
        colours = paint(*self.grid(region.rows, region.cols))
        area = self.pixels[region.rows, region.cols]
        np.copyto(area, colours, where=region.inside[..., None])
        if label is not None:
            self.labels[region.rows, region.cols][region.inside] = label

    def shade(self, region: Region, factor: float | Sequence[float]) -> None:
        """Multiplies the colours of a shape, for shadows and glows."""
        area = self.pixels[region.rows, region.cols]
        np.multiply(area, factor, out=area, where=region.inside[..., None])
