"""Draws the two views of the operator: a sliding window, and one matrix product.

python docs/pictures/draw_operator.py docs/pictures/operator_views.svg
"""

import sys

import torch
from matplotlib.patches import Rectangle

from lkca_mm.ops.toeplitz import toeplitz_matrix
from lkca_mm.visualization.figure import new_figure, save_figure

GRID = HEIGHT, WIDTH = 4, 4
QUERY = 1, 2
MARK = '#D55E00'


def kernel() -> torch.Tensor:
    """Returns a kernel (1, 2H-1, 2W-1) whose taps can be told apart by their shade."""
    rows = torch.arange(2 * HEIGHT - 1.0) - HEIGHT + 1
    columns = torch.arange(2 * WIDTH - 1.0) - WIDTH + 1
    return (-0.11 * rows[:, None] ** 2 - 0.05 * (columns - 0.7 * rows[:, None]) ** 2).exp()[None]


def mark(axis: object, row: int, column: int, height: int, width: int) -> None:
    """Frames a part of a table."""
    place = (column - 0.5, row - 0.5)
    axis.add_patch(Rectangle(place, width, height, fill=False, edgecolor=MARK, linewidth=2.5))


def draw(path: str) -> None:
    """Writes the picture."""
    weight = kernel()
    matrix = toeplitz_matrix(weight, GRID)[0]
    row, column = QUERY
    query = row * WIDTH + column
    top, left = HEIGHT - 1 - row, WIDTH - 1 - column
    window = weight[0, top : top + HEIGHT, left : left + WIDTH]
    if not torch.equal(matrix[query].reshape(GRID), window):
        raise RuntimeError('the two views differ: the picture would be wrong')

    figure = new_figure(11, 4.6)
    axes = figure.subplots(1, 3, width_ratios=[7, 5, 9])
    shade = {'cmap': 'cividis', 'vmin': 0, 'vmax': 1}
    axes[0].imshow(weight[0], **shade)
    mark(axes[0], top, left, HEIGHT, WIDTH)
    axes[0].plot(WIDTH - 1, HEIGHT - 1, marker='o', color='black', markerfacecolor='white')
    axes[0].set_title(
        f'Convolution: the kernel of {2 * HEIGHT - 1} x {2 * WIDTH - 1} taps\n'
        f'and its window at token ({row}, {column})'
    )
    axes[0].set_xlabel('circle: the tap for the token itself')
    axes[1].imshow(window, **shade)
    mark(axes[1], row, column, 1, 1)
    axes[1].set_title(f'The weight of each of the\n{HEIGHT} x {WIDTH} tokens for that one')
    axes[1].set_xlabel('framed: the token itself')
    axes[2].imshow(matrix, **shade)
    mark(axes[2], query, 0, 1, HEIGHT * WIDTH)
    for line in range(WIDTH, HEIGHT * WIDTH, WIDTH):
        axes[2].axhline(line - 0.5, color='white', linewidth=1)
        axes[2].axvline(line - 0.5, color='white', linewidth=1)
    axes[2].set_title(
        f'Attention: the same for all tokens, {HEIGHT * WIDTH} x {HEIGHT * WIDTH}\n'
        f'framed: row {query}, the window unrolled'
    )
    axes[2].set_xlabel('blocks repeat along diagonals, and so do elements in a block')
    for axis in axes:
        axis.set_xticks([])
        axis.set_yticks([])
    figure.suptitle('Two views of LKCA on a grid of 4 x 4 tokens')
    save_figure(figure, path)


if __name__ == '__main__':
    draw(sys.argv[1])
