"""What a model sees in several pictures, on one sheet."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np

from lkca_mm.visualization.figure import save_pixels
from lkca_mm.visualization.font import shorten
from lkca_mm.visualization.legend import PAPER
from lkca_mm.visualization.panels import title_strip

_GAP = 16
_TITLE, _NAME = 22, 16


def _widened(picture: np.ndarray, width: int) -> np.ndarray:
    """Returns a picture with paper to its right, ``width`` pixels wide."""
    missing = width - picture.shape[1]
    return np.pad(picture, ((0, 0), (0, missing), (0, 0)), constant_values=PAPER[0])


def _narrowed(picture: np.ndarray, width: int) -> np.ndarray:
    if picture.shape[1] <= width:
        return picture
    height = max(1, round(picture.shape[0] * width / picture.shape[1]))
    return cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA)


def _named(picture: np.ndarray, name: str) -> np.ndarray:
    width = picture.shape[1]
    return np.concatenate((title_strip(width, shorten(name, _NAME, width), _NAME), picture))


def _row(pictures: Sequence[np.ndarray]) -> np.ndarray:
    height = max(len(picture) for picture in pictures)
    parts = []
    for picture in pictures:
        if parts:
            parts.append(np.full((height, _GAP, 3), PAPER, dtype=np.uint8))
        missing = height - len(picture)
        parts.append(np.pad(picture, ((0, missing), (0, 0), (0, 0)), constant_values=PAPER[0]))
    return np.concatenate(parts, axis=1)


def draw_prediction_sheet(
    pictures: Mapping[str, np.ndarray],
    title: str,
    path: str | Path,
    columns: int = 1,
    max_width: int = 1600,
) -> None:
    """Puts drawn predictions below and beside each other, each under its name.

    Args:
        pictures: RGB pictures of shape (H, W, 3), uint8, keyed by what stands above.
        title: The sheet's title.
        path: Where it goes, .png or .svg.
        columns: So many pictures beside each other.
        max_width: A picture of more than its share of so many pixels is made smaller.
    """
    share = (max_width - (columns - 1) * _GAP) // columns
    cells = {name: _narrowed(picture, share) for name, picture in pictures.items()}
    width = max(cell.shape[1] for cell in cells.values())
    cells = {name: _widened(_named(cell, name), width) for name, cell in cells.items()}
    ready = list(cells.values())
    rows = [_row(ready[start : start + columns]) for start in range(0, len(ready), columns)]
    whole = max(row.shape[1] for row in rows)
    sheet = [title_strip(whole, shorten(title, _TITLE, whole), _TITLE)]
    for row in rows:
        sheet += [_widened(row, whole), np.full((_GAP, whole, 3), PAPER, dtype=np.uint8)]
    margins = ((_GAP // 2, 0), (_GAP, _GAP), (0, 0))
    save_pixels(np.pad(np.concatenate(sheet), margins, constant_values=PAPER[0]), path)
