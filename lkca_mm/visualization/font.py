"""The typeface of all pictures: the one that pillow carries, at any size."""

from functools import lru_cache

from PIL import ImageFont


@lru_cache(maxsize=32)
def load_font(size: int) -> ImageFont.FreeTypeFont:
    """Returns the font at ``size`` pixels."""
    return ImageFont.load_default(size=size)


def font_size_for(height: int, width: int) -> int:
    """Returns a text size, in pixels, that can be read on a picture of that size."""
    return max(11, min(64, round((height * width) ** 0.5 / 34)))


def text_size(text: str, size: int, stroke_width: int = 0) -> tuple[int, int]:
    """Returns the width of ``text`` and the height of its line, in pixels."""
    font = load_font(size)
    ascent, descent = font.getmetrics()
    width = font.getlength(text)
    return round(width) + 2 * stroke_width, ascent + descent + 2 * stroke_width


def shorten(text: str, size: int, width: int) -> str:
    """Cuts ``text`` so that it fits into ``width`` pixels; ``...`` marks a cut."""
    if text_size(text, size)[0] <= width:
        return text
    while text and text_size(f'{text}...', size)[0] > width:
        text = text[:-1]
    return f'{text.rstrip()}...'
