"""How large an effective receptive field is."""

from typing import NamedTuple

import numpy as np

# Sums of shares are off by rounding; a square that holds exactly 50 % shall count.
_TOLERANCE = 1e-9


class FieldExtent(NamedTuple):
    """Where a share of a receptive field lies.

    Attributes:
        side: Side of the smallest square that holds it, in pixels.
        top: The square's first row.
        left: The square's first column.
        square: How much of the image the square covers, in [0, 1].
        pixels: The fewest pixels that hold it, wherever they lie, as a share of the
            image, in [0, 1].
    """

    side: int
    top: int
    left: int
    square: float
    pixels: float


def measure_extent(field: np.ndarray, share: float) -> FieldExtent:
    """Measures where ``share`` of a receptive field lies.

    The square is not tied to the middle: where a feature's place is in the image
    depends on the strides and paddings before it.

    Args:
        field: Each pixel's weight, not negative, of shape (S, S).
        share: In (0, 1].
    """
    enough = share * field.sum() * (1 - _TOLERANCE)
    # Of everything above and to the left, so that a square's sum is four lookups.
    sums = np.pad(field, ((1, 0), (1, 0))).cumsum(axis=0).cumsum(axis=1)

    def held(side: int) -> np.ndarray:
        """Returns what each square of that side holds."""
        below = sums[side:] - sums[:-side]
        return below[:, side:] - below[:, :-side]

    low, high = 1, len(field)
    while low < high:
        middle = (low + high) // 2
        if held(middle).max() >= enough:
            high = middle
        else:
            low = middle + 1
    squares = held(low)
    top, left = np.unravel_index(int(squares.argmax()), squares.shape)
    largest_first = np.cumsum(np.sort(field, axis=None)[::-1])
    return FieldExtent(
        side=low,
        top=int(top),
        left=int(left),
        square=low**2 / field.size,
        pixels=float((np.searchsorted(largest_first, enough) + 1) / field.size),
    )
