"""Class names, written onto the regions of a mask."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import cv2
import numpy as np
from PIL import Image, ImageDraw

from lkca_mm.visualization.font import font_size_for, load_font, text_size

# A name may stick out of its region, but this share of its box must lie inside.
_MIN_INSIDE = 0.5
# A class is named again only on regions that cover this share of the picture.
_MIN_REPEATED_SHARE = 0.012
# Names that do not fit are tried again at this part of the text size.
_SMALLER = 0.75


class Label(NamedTuple):
    """A name and its box: left, top, right, bottom, and the text size, all in pixels."""

    text: str
    box: tuple[int, int, int, int]
    size: int


class _Region(NamedTuple):
    index: int
    area: int
    left: int
    top: int
    inside: np.ndarray


def _regions(
    mask: np.ndarray, num_classes: int, min_share: float, max_per_class: int
) -> Iterator[_Region]:
    """Yields the largest connected regions of every class."""
    for index in np.unique(mask):
        if not 0 <= index < num_classes:
            continue
        pixels = (mask == index).astype(np.uint8)
        _, numbers, stats, _ = cv2.connectedComponentsWithStats(pixels, connectivity=8)
        order = np.argsort(-stats[1:, cv2.CC_STAT_AREA], kind='stable') + 1
        for rank, number in enumerate(order[:max_per_class]):
            left, top, width, height, area = (int(value) for value in stats[number])
            share = max(min_share, _MIN_REPEATED_SHARE) if rank else min_share
            if area < share * mask.size:
                break
            crop = numbers[top : top + height, left : left + width] == number
            yield _Region(int(index), area, left, top, crop.astype(np.uint8))


def _find_box(
    region: _Region,
    width: int,
    height: int,
    picture_size: tuple[int, int],
    taken: list[tuple[int, int, int, int]],
) -> tuple[int, int, int, int] | None:
    """Returns the box that covers most of the region, in its middle; None if none fits."""
    inside = region.inside.astype(np.float32)
    covered = cv2.boxFilter(
        inside, cv2.CV_32F, (width, height), borderType=cv2.BORDER_CONSTANT | cv2.BORDER_ISOLATED
    )
    # The picture's border is a border of the region too, hence the ring of zeros.
    depth = cv2.distanceTransform(np.pad(region.inside, 1), cv2.DIST_L2, 3)[1:-1, 1:-1]
    fits = (region.inside > 0) & (covered >= _MIN_INSIDE)
    # Among boxes that cover about as much, the one deepest inside.
    score = np.where(fits, covered + 0.3 * depth / max(float(depth.max()), 1.0), 0.0)

    x, y = np.arange(inside.shape[1]) + region.left, np.arange(inside.shape[0]) + region.top
    left, top = x - width // 2, y - height // 2
    score[:, (left < 0) | (left + width > picture_size[1])] = 0
    score[(top < 0) | (top + height > picture_size[0])] = 0
    for other in taken:
        columns = (left < other[2]) & (left + width > other[0])
        rows = (top < other[3]) & (top + height > other[1])
        score[np.ix_(rows, columns)] = 0
    row, column = np.unravel_index(int(np.argmax(score)), score.shape)
    if score[row, column] <= 0:
        return None
    corner = (int(left[column]), int(top[row]))
    return (*corner, corner[0] + width, corner[1] + height)


def place_labels(
    mask: np.ndarray,
    classes: Sequence[str],
    size: int | None = None,
    min_share: float = 0.004,
    max_per_class: int = 2,
) -> list[Label]:
    """Chooses where the class names go, the largest regions first.

    Args:
        mask: Class indices of shape (H, W); values without a name are skipped.
        classes: One name a class.
        size: Text size in pixels; from the picture's size if None.
        min_share: Regions that cover less of the picture, in [0, 1], get no name.
        max_per_class: At most so many regions of one class get its name.

    Returns:
        Labels whose boxes lie in the picture and do not overlap.
    """
    size = size or font_size_for(*mask.shape)
    regions = _regions(mask, len(classes), min_share, max_per_class)
    labels: list[Label] = []
    for region in sorted(regions, key=lambda region: -region.area):
        text = str(classes[region.index])
        for text_px in (size, max(9, round(size * _SMALLER))):
            width, height = text_size(text, text_px, stroke_width=_stroke(text_px))
            taken = [label.box for label in labels]
            box = _find_box(region, width + text_px // 3, height, mask.shape, taken)
            if box is not None:
                labels.append(Label(text, box, text_px))
                break
    return labels


def _stroke(size: int) -> int:
    return max(1, round(size / 9))


def draw_labels(picture: np.ndarray, labels: Sequence[Label]) -> np.ndarray:
    """Writes names in white with a dark rim.

    Args:
        picture: RGB picture of shape (H, W, 3), uint8.
        labels: What :func:`place_labels` returned.

    Returns:
        A new picture of the same shape.
    """
    canvas = Image.fromarray(np.ascontiguousarray(picture))
    draw = ImageDraw.Draw(canvas)
    for text, (left, top, right, bottom), size in labels:
        draw.text(
            ((left + right) / 2, (top + bottom) / 2),
            text,
            fill=(255, 255, 255),
            font=load_font(size),
            anchor='mm',
            stroke_width=_stroke(size),
            stroke_fill=(15, 15, 15),
        )
    return np.asarray(canvas).copy()


def label_regions(
    picture: np.ndarray, mask: np.ndarray, classes: Sequence[str], size: int | None = None
) -> np.ndarray:
    """Places the class names of ``mask`` and writes them onto ``picture``.

    Args:
        picture: RGB picture of shape (H, W, 3), uint8.
        mask: Class indices of shape (H, W); values without a name are skipped.
        classes: One name a class.
        size: Text size in pixels; from the picture's size if None.

    Returns:
        A new picture of the same shape.
    """
    return draw_labels(picture, place_labels(mask, classes, size))
