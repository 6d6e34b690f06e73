"""Paints streets and rooms together with their masks."""

import numpy as np

from lkca_mm.datasets.prepare.scenery.canvas import Canvas
from lkca_mm.datasets.prepare.scenery.classes import SCENE_CLASSES, mask_values
from lkca_mm.datasets.prepare.scenery.light import photograph
from lkca_mm.datasets.prepare.scenery.room import paint_room
from lkca_mm.datasets.prepare.scenery.street import paint_street

__all__ = ['SCENE_CLASSES', 'mask_values', 'paint_scene']


def paint_scene(rng: np.random.Generator, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Paints one scene: a street or a room, as the generator decides.

    Args:
        rng: Draws everything; the same state gives the same scene.
        size: The side of the picture in pixels.

    Returns:
        The picture, (size, size, 3) uint8 RGB, and its mask, (size, size) uint8
        with 0 for what has no name and else ADE20K's class index plus 1.
    """
    canvas = Canvas(size)
    paint = paint_street if rng.random() < 0.5 else paint_room
    paint(canvas, rng)
    return photograph(canvas, rng), canvas.labels
