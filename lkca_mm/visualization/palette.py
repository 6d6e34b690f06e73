"""Colours for data sets that bring none."""

import colorsys

# The golden ratio's fraction: any run of hues spaced by it is spread out evenly.
_HUE_STEP = 0.618033988749895


def default_palette(num_classes: int) -> list[tuple[int, int, int]]:
    """Returns one distinct RGB colour a class, the same ones in every call.

    Args:
        num_classes: Number of classes, at least 0.

    Returns:
        Colours with channels in [0, 255].
    """
    colours = []
    for index in range(num_classes):
        hue = (index * _HUE_STEP) % 1.0
        # Neighbours in hue differ in lightness too, for the many-class case.
        value = (0.95, 0.7, 0.5)[index % 3]
        red, green, blue = colorsys.hsv_to_rgb(hue, 0.75, value)
        colours.append((round(red * 255), round(green * 255), round(blue * 255)))
    return colours
