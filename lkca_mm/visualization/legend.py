"""The strip below a picture that says which colour is which class."""

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw

from lkca_mm.visualization.font import load_font, shorten, text_size

PAPER = (255, 255, 255)
INK = (30, 30, 30)
FAINT_INK = (110, 110, 110)


def class_shares(mask: np.ndarray, num_classes: int, ignore_index: int = 255) -> np.ndarray:
    """Counts how much of a mask each class covers.

    Args:
        mask: Class indices of shape (H, W).
        num_classes: Number of classes N.
        ignore_index: Pixels of this value do not count at all.

    Returns:
        Shares of shape (N,) in [0, 1]; they sum to 1, or to 0 if nothing counts.
    """
    counted = mask[mask != ignore_index]
    counts = np.bincount(counted.ravel().astype(np.int64), minlength=num_classes)
    return counts / max(1, counted.size)


def percent(share: float) -> str:
    """Returns a share in [0, 1] as text; what is there never reads as nothing."""
    if 0 < share < 0.0005:
        return '<0.1%'
    return f'{100 * share:.1f}%'


def _arrange(cells: Sequence[int], width: int) -> tuple[int, list[int]]:
    """Returns how many rows hold all cells and how wide the columns are, in pixels."""
    for columns in range(len(cells), 0, -1):
        rows = -(-len(cells) // columns)
        widths = [max(cells[start : start + rows]) for start in range(0, len(cells), rows)]
        if sum(widths) <= width:
            return rows, widths
    # Not even one column fits: the names in it are cut.
    return len(cells), [width]


def draw_legend(
    width: int,
    masks: Sequence[np.ndarray],
    classes: Sequence[str],
    palette: Sequence[Sequence[int]],
    size: int,
    ignore_index: int = 255,
    max_entries: int = 24,
    header: str = '',
) -> np.ndarray:
    """Lists the classes of one or several masks, the largest first.

    Args:
        width: Width of the strip, in pixels.
        masks: Masks of class indices; each adds one share behind the names.
        classes: One name a class.
        palette: One RGB colour a class, channels in [0, 255].
        size: Text size, in pixels.
        ignore_index: Pixels of this value do not count.
        max_entries: More classes than this are only counted.
        header: A line above the list; none if empty.

    Returns:
        RGB strip of shape (height, width, 3), uint8.
    """
    shares = np.stack([class_shares(mask, len(classes), ignore_index) for mask in masks])
    order = np.argsort(-shares.max(axis=0), kind='stable')
    present = [int(index) for index in order if shares[:, index].any()]
    shown, line = present[:max_entries], round(size * 1.5)
    swatch, gap = round(size * 0.9), round(size * 0.5)

    tails = [' / '.join(percent(share) for share in shares[:, index]) for index in shown]
    names = [str(classes[index]) for index in shown]
    # A swatch, a name, its shares, and room before the next column.
    cells = [
        swatch + gap + text_size(f'{name}  {tail}', size)[0] + 3 * gap
        for name, tail in zip(names, tails, strict=True)
    ]
    rows, widths = _arrange(cells, width - gap)
    left_out = len(present) - len(shown)
    foot = f'and {left_out} smaller classes' if left_out else ''
    if not present:
        foot = 'no class'

    lines = rows + bool(header) + bool(foot)
    strip = Image.new('RGB', (width, lines * line + gap), PAPER)
    draw = ImageDraw.Draw(strip)
    top = gap // 2

    def write(x: int, y: int, text: str, ink: tuple[int, int, int], anchor: str = 'lm') -> None:
        draw.text((x, y + line / 2), text, fill=ink, font=load_font(size), anchor=anchor)

    if header:
        write(gap, top, shorten(header, size, width - 2 * gap), FAINT_INK)
        top += line
    for number, (index, name, tail) in enumerate(zip(shown, names, tails, strict=True)):
        # Down the columns, so that the largest classes stand together at the left.
        column, row = divmod(number, rows)
        x, y = gap + sum(widths[:column]), top + row * line
        corner = y + (line - swatch) // 2
        draw.rectangle(
            (x, corner, x + swatch - 1, corner + swatch - 1),
            fill=tuple(int(channel) for channel in palette[index]),
            outline=INK,
        )
        x += swatch + gap
        room = widths[column] - swatch - 2 * gap - text_size(f'  {tail}', size)[0]
        name = shorten(name, size, room)
        write(x, y, name, INK)
        write(x + text_size(f'{name}  ', size)[0], y, tail, FAINT_INK)
    if foot:
        write(gap, top + rows * line, foot, FAINT_INK)
    return np.asarray(strip).copy()
