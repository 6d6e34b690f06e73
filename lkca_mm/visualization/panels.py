"""Whole pictures: an overlay with its legend, and image | ground truth | prediction."""

from collections.abc import Sequence

import cv2
import numpy as np
from PIL import Image, ImageDraw

from lkca_mm.visualization.font import font_size_for, load_font
from lkca_mm.visualization.legend import INK, PAPER, draw_legend
from lkca_mm.visualization.overlay import blend_mask, check_mask
from lkca_mm.visualization.region_labels import label_regions

# Below this, in pixels, names cannot be read on a picture.
MIN_SIDE = 256
# Three panels of this width still fit a screen.
MAX_PANEL_SIDE = 1024


def display_size(
    height: int, width: int, min_side: int = MIN_SIDE, max_side: int | None = None
) -> tuple[int, int]:
    """Returns the size at which a picture is shown.

    Small pictures grow by a whole factor, so that all pixels stay equally large.

    Args:
        height: Height of the picture, in pixels.
        width: Width of the picture, in pixels.
        min_side: The shorter side gets at least this, as far as ``max_side`` lets it.
        max_side: The longer side gets at most this; None for no limit.

    Returns:
        Height and width, in pixels.
    """
    # Very long pictures must not grow without end on account of their short side.
    room = max_side or max(4 * min_side, height, width)
    factor = min(-(-min_side // min(height, width)), room // max(height, width))
    if factor >= 1:
        return height * factor, width * factor
    scale = room / max(height, width)
    return max(1, round(height * scale)), max(1, round(width * scale))


def resize_mask(mask: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Resizes class indices of shape (H, W) to ``size`` (height, width), nearest pixel."""
    if mask.shape == tuple(size):
        return mask
    height, width = mask.shape
    # Pixel centres, as bilinear resizing of an image counts them; cv2's
    # nearest neighbour is half a pixel off.
    rows = ((np.arange(size[0]) + 0.5) * height / size[0]).astype(np.int64)
    columns = ((np.arange(size[1]) + 0.5) * width / size[1]).astype(np.int64)
    return mask[np.ix_(rows, columns)]


def resize_image(image: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Resizes an RGB image to ``size`` (height, width): bicubic up, area average down."""
    if image.shape[:2] == tuple(size):
        return image
    how = cv2.INTER_AREA if size[0] < image.shape[0] else cv2.INTER_CUBIC
    return cv2.resize(image, (size[1], size[0]), interpolation=how)


def draw_segmentation(
    image: np.ndarray,
    mask: np.ndarray,
    classes: Sequence[str],
    palette: Sequence[Sequence[int]],
    opacity: float = 0.5,
    ignore_index: int = 255,
    labels: bool = True,
    legend: bool = True,
) -> np.ndarray:
    """Draws a mask over its image, with class names and a legend.

    Args:
        image: RGB image of shape (H, W, 3), uint8.
        mask: Class indices of shape (H, W).
        classes: One name a class.
        palette: One RGB colour a class, channels in [0, 255].
        opacity: Weight of the colours, in [0, 1].
        ignore_index: Pixels of this value stay uncoloured.
        labels: Whether names are written onto the regions.
        legend: Whether a strip with the classes is put below.

    Returns:
        RGB picture, uint8, of the image's width and height times a whole factor
        (1 from 256 pixels on), plus the height of the legend.
    """
    size = display_size(*mask.shape)
    image, mask = resize_image(image, size), resize_mask(mask, size)
    picture = blend_mask(image, mask, palette, opacity, ignore_index)
    text_px = font_size_for(*size)
    if labels:
        picture = label_regions(picture, _named(mask, ignore_index), classes, text_px)
    if legend:
        strip = draw_legend(size[1], [mask], classes, palette, text_px, ignore_index)
        picture = np.concatenate((picture, strip))
    return picture


def _named(mask: np.ndarray, ignore_index: int) -> np.ndarray:
    """Returns the mask with -1 where there is no class to name."""
    return np.where(mask == ignore_index, -1, mask.astype(np.int64))


def title_strip(width: int, title: str, size: int) -> np.ndarray:
    """Returns a strip of ``width`` pixels with a title in its middle, ``size`` pixels high."""
    strip = Image.new('RGB', (width, round(size * 1.9)), PAPER)
    middle = (width / 2, strip.height / 2)
    ImageDraw.Draw(strip).text(middle, title, fill=INK, font=load_font(size), anchor='mm')
    return np.asarray(strip)


def side_by_side(
    image: np.ndarray,
    truth: np.ndarray | None,
    prediction: np.ndarray,
    classes: Sequence[str],
    palette: Sequence[Sequence[int]],
    opacity: float = 0.6,
    ignore_index: int = 255,
    labels: bool = True,
    titles: Sequence[str] = ('image', 'ground truth', 'prediction'),
) -> np.ndarray:
    """Draws image | ground truth | prediction with one legend for both masks.

    Args:
        image: RGB image of shape (H, W, 3), uint8.
        truth: Class indices; None leaves the panel out. Another size than the
            image's is resized, as is the prediction's.
        prediction: Class indices.
        classes: One name a class.
        palette: One RGB colour a class, channels in [0, 255].
        opacity: Weight of the colours, in [0, 1].
        ignore_index: Pixels of this value stay uncoloured.
        labels: Whether names are written onto the regions.
        titles: What stands above the three panels.

    Returns:
        RGB picture, uint8. A panel is at least 256 pixels high and wide and at
        most 1024, unless the image is more than four times as long as wide.
    """
    size = display_size(*image.shape[:2], max_side=MAX_PANEL_SIDE)
    text_px, gap = font_size_for(*size), max(4, size[1] // 64)
    base = resize_image(image, size)
    panels, masks = [(titles[0], base)], []
    for title, mask in ((titles[1], truth), (titles[2], prediction)):
        if mask is None:
            continue
        check_mask(mask, len(classes), ignore_index)
        masks.append(mask)
        mask = resize_mask(mask, size)
        panel = blend_mask(base, mask, palette, opacity, ignore_index)
        if labels:
            panel = label_regions(panel, _named(mask, ignore_index), classes, text_px)
        panels.append((title, panel))

    width = size[1]
    columns: list[np.ndarray] = []
    for title, panel in panels:
        if columns:
            filler = (columns[0].shape[0], gap, 3)
            columns.append(np.full(filler, PAPER, dtype=np.uint8))
        columns.append(np.concatenate((title_strip(width, title, text_px), panel)))
    body = np.concatenate(columns, axis=1)
    header = ' / '.join(title for title, _ in panels[1:])
    strip = draw_legend(
        body.shape[1],
        masks,
        classes,
        palette,
        text_px,
        ignore_index,
        header=f'share of the coloured pixels: {header}',
    )
    return np.concatenate((body, strip))
