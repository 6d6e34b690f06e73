"""Tells from the bytes of an image file, without decoding it, whether it is whole."""

import io
import re
import warnings

from PIL import Image, UnidentifiedImageError

from lkca_mm.errors import DataError

MAX_PIXELS = 178_956_970
"""The default limit, which is also the most that pillow opens."""

_PLAIN = {0x01, *range(0xD0, 0xD9)}  # JPEG markers that no length follows
_START_OF_SCAN, _END_OF_IMAGE = 0xDA, 0xD9
# In coded data a marker is FF and neither 00 (a coded FF) nor a restart nor a fill byte.
_NEXT_MARKER = re.compile(rb'\xff([^\x00\xff\xd0-\xd7])')


def check_encoded(content: bytes, path: str, max_pixels: int = MAX_PIXELS) -> None:
    """Checks the header and the end of an encoded image.

    A decoder hands back a half-grey picture or nothing for a file that was cut
    off; here that is an error. Damage in the middle of a JPEG is not found.

    Args:
        content: The bytes of the file.
        path: Its name, for the message.
        max_pixels: The largest width times height.

    Raises:
        DataError: The file is empty, no image, too large, or cut off.
    """
    if not content:
        raise DataError(f'{path} is empty: copy it again')
    try:
        with warnings.catch_warnings():
            warnings.simplefilter('ignore', Image.DecompressionBombWarning)
            image = Image.open(io.BytesIO(content))
    except UnidentifiedImageError as error:
        raise DataError(f'{path} is not an image that can be read: replace it') from error
    except Image.DecompressionBombError as error:
        raise DataError(f'{path} has too many pixels: {error} Make it smaller') from error
    except (OSError, ValueError, SyntaxError) as error:
        raise DataError(f'{path} is damaged ({error}): copy it again') from error
    with image:
        width, height = image.size
        if width * height > max_pixels:
            raise DataError(
                f'{path} has {width}x{height} pixels, more than max_pixels={max_pixels}: '
                f'make it smaller or raise max_pixels'
            )
        is_jpeg = image.format in ('JPEG', 'MPO')
        whole = _is_whole_jpeg(content) if is_jpeg else _decodes(image)
    if not whole:
        raise DataError(f'{path} is cut off or damaged: copy it again')


def _is_whole_jpeg(content: bytes) -> bool:
    """Walks from marker to marker until the end of the image.

    Looking for the end marker alone would find that of an embedded preview.
    """
    position = 2
    while position + 2 <= len(content):
        if content[position] != 0xFF:
            return False
        marker = content[position + 1]
        if marker == _END_OF_IMAGE:
            return True
        if marker == 0xFF:
            position += 1
            continue
        position += 2
        if marker in _PLAIN:
            continue
        position += int.from_bytes(content[position : position + 2], 'big')
        if marker == _START_OF_SCAN:
            found = _NEXT_MARKER.search(content, position)
            if found is None:
                return False
            position = found.start()
    return False


def _decodes(image: Image.Image) -> bool:
    """Checks the sums of a PNG; other formats have none and are decoded."""
    try:
        if image.format == 'PNG':
            image.verify()
        else:
            image.load()
    except (OSError, ValueError, SyntaxError):
        return False
    return True
