"""A mask of class indices, blended over its image."""

from collections.abc import Sequence

import numpy as np

# What a pixel's colour is multiplied by where two regions meet.
_OUTLINE_SHADE = 0.45


def check_mask(mask: np.ndarray, num_classes: int, ignore_index: int = 255) -> None:
    """Raises ValueError unless ``mask`` is (H, W) and holds class indices only."""
    if mask.ndim != 2:
        raise ValueError(f'a mask must be (H, W), not {mask.shape}')
    foreign = mask[(mask != ignore_index) & ((mask < 0) | (mask >= num_classes))]
    if foreign.size:
        raise ValueError(f'the mask holds class {foreign.flat[0]}, but there are {num_classes}')


def find_outline(mask: np.ndarray) -> np.ndarray:
    """Marks where regions meet, one pixel wide (two on pictures above a megapixel).

    Args:
        mask: Class indices of shape (H, W).

    Returns:
        Booleans of shape (H, W).
    """
    edge = np.zeros(mask.shape, dtype=bool)
    across, down = mask[:, 1:] != mask[:, :-1], mask[1:] != mask[:-1]
    edge[:, 1:] |= across
    edge[1:] |= down
    if mask.size > 1_000_000:
        edge[:, :-1] |= across
        edge[:-1] |= down
    return edge


def blend_mask(
    image: np.ndarray,
    mask: np.ndarray,
    palette: Sequence[Sequence[int]],
    opacity: float = 0.5,
    ignore_index: int = 255,
    outline: bool = True,
) -> np.ndarray:
    """Lays the colours of a mask over an image.

    Args:
        image: RGB image of shape (H, W, 3), uint8.
        mask: Class indices of shape (H, W).
        palette: One RGB colour a class, channels in [0, 255].
        opacity: Weight of the colours, in [0, 1]: 0 shows the image alone.
        ignore_index: Pixels of this value keep the colour of the image.
        outline: Whether a thin darker line is drawn where regions meet.

    Returns:
        RGB image of shape (H, W, 3), uint8.

    Raises:
        ValueError: If the sizes differ, a value of the mask has no colour, or
            the opacity is out of range.
    """
    if not 0 <= opacity <= 1:
        raise ValueError(f'opacity={opacity} must be in [0, 1]')
    if image.ndim != 3 or image.shape[2] != 3 or image.shape[:2] != mask.shape:
        raise ValueError(f'an image of shape {image.shape} has no mask of shape {mask.shape}')
    check_mask(mask, len(palette), ignore_index)
    coloured = mask != ignore_index
    colours = np.asarray(palette, dtype=np.float32).reshape(-1, 3)[mask[coloured]]
    picture = image.astype(np.float32)
    picture[coloured] = (1 - opacity) * picture[coloured] + opacity * colours
    if outline and opacity:
        picture[find_outline(mask)] *= _OUTLINE_SHADE
    return np.rint(picture).astype(np.uint8)
