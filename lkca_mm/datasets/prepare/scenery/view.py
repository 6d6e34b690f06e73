"""The perspective of a street."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class StreetView:
    """Where things along a straight street appear.

    Attributes:
        horizon: The height of the horizon, which is that of the eye.
        middle: Where on the horizon the street ends.
        road: Half the width of the road at the bottom edge of the picture.
        walk: The same with the sidewalks.
    """

    horizon: float
    middle: float
    road: float
    walk: float

    @classmethod
    def draw(cls, rng: np.random.Generator) -> 'StreetView':
        """Draws a view."""
        horizon, middle = rng.uniform(0.36, 0.56), rng.uniform(0.36, 0.64)
        road = rng.uniform(0.34, 0.62)
        return cls(horizon, middle, road, road + rng.uniform(0.22, 0.45))

    def at(self, side: float, y: float) -> float:
        """Returns x at height y of a line to the vanishing point, ``side`` away at y = 1."""
        return self.middle + side * (y - self.horizon) / (1 - self.horizon)

    def beside(self, rng: np.random.Generator, y: float, low: float, high: float) -> float:
        """Draws x at height y between two distances from the middle, on either side."""
        side = 1 if rng.random() < 0.5 else -1
        return self.at(side * rng.uniform(low, high), y)
