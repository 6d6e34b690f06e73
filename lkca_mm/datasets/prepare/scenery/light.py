"""What the camera does to a painted picture: light, blur and noise."""

import numpy as np

from lkca_mm.datasets.prepare.scenery.canvas import Canvas


def _blur(pixels: np.ndarray) -> np.ndarray:
    """Smooths by 1-2-1 in both directions."""
    for axis in (0, 1):
        edge = [(1, 1) if i == axis else (0, 0) for i in range(3)]
        wide = np.pad(pixels, edge, mode='edge')
        first, middle, last = (wide.take(range(i, i + pixels.shape[axis]), axis) for i in range(3))
        pixels = (first + 2 * middle + last) / 4
    return pixels


def photograph(canvas: Canvas, rng: np.random.Generator) -> np.ndarray:
    """Returns the picture under random light.

    Args:
        canvas: The painted picture.
        rng: Draws the light and the noise.

    Returns:
        (size, size, 3) uint8, RGB.
    """
    size = canvas.size
    x, y = canvas.grid(slice(None), slice(None))
    slope = rng.uniform(-0.3, 0.3, 2)
    light = 1 + slope[0] * (x - 0.5) + slope[1] * (y - 0.5)
    warmth = rng.uniform(-0.1, 0.1)
    tint = rng.uniform(0.66, 1.14) * np.array([1 + warmth, 1.0, 1 - warmth])
    pixels = canvas.pixels * light[..., None] * tint
    contrast = rng.uniform(0.75, 1.1)
    pixels = 128 * (1 - contrast) + pixels * contrast
    # Mild softening hides the stairs of the painted edges; some pictures are out of focus.
    soft = _blur(pixels)
    pixels = soft if rng.random() < 0.25 else (pixels + soft) / 2
    # The sum of four dice is close to a bell curve and the same on every machine.
    noise = rng.integers(-64, 65, (4, size, size, 3)).sum(0) / 74
    pixels = pixels + rng.uniform(1.5, 9) * noise
    return np.rint(np.clip(pixels, 0, 255)).astype(np.uint8)
