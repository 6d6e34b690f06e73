"""Lines that can be told apart without their colour, and colours that all readers can tell."""

from typing import Any

# Okabe and Ito's colours without the yellow, which is too light for a line on white.
COLOURS = ('#0072B2', '#D55E00', '#009E73', '#CC79A7', '#56B4E9', '#E69F00', '#000000')
_DASHES = ('-', '--', '-.', ':', (0, (5, 1, 1, 1, 1, 1)))
_MARKERS = ('o', 's', '^', 'D', 'v', 'P', 'X', '*')


def line_style(index: int) -> dict[str, Any]:
    """Returns colour, dashes and marker of the line with that number, as matplotlib takes them.

    Colour, dashes and marker repeat after 7, 5 and 8 lines, all three after 280.
    """
    return {
        'color': COLOURS[index % len(COLOURS)],
        'linestyle': _DASHES[index % len(_DASHES)],
        'marker': _MARKERS[index % len(_MARKERS)],
    }
