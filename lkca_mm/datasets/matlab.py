"""Reads arrays of numbers from a MATLAB file of version 5."""

import math
import struct
import zlib
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import IO

import numpy as np

from lkca_mm.errors import DataError

# Of the format's tables only what is about numbers; all else is passed over.
_MATRIX, _COMPRESSED = 14, 15
_STORED = {
    1: 'i1',
    2: 'u1',
    3: 'i2',
    4: 'u2',
    5: 'i4',
    6: 'u4',
    7: 'f4',
    9: 'f8',
    12: 'i8',
    13: 'u8',
}
_CLASSES = {
    6: 'f8', 7: 'f4', 8: 'i1', 9: 'u1', 10: 'i2', 11: 'u2', 12: 'i4', 13: 'u4', 14: 'i8', 15: 'u8'
}  # fmt: skip
# Pictures never shrink as much; what says so is made to fill the memory.
_MAX_RATIO, _SMALL = 50, 64 << 20
_NAMELESS = 16  # classes from here on are laid out differently
_COMPLEX = 0x800


class _Damaged(Exception):
    """The file is not what its own numbers say."""


def read_matlab(path: Path, names: Collection[str]) -> dict[str, np.ndarray]:
    """Reads some variables of a .mat file.

    scipy's reader trusts the file: one damaged byte can end the whole process
    with a segmentation fault. This one compares every length first.

    Args:
        path: The file, compressed or not, of MATLAB 5 to 7.2.
        names: The variables to read.

    Returns:
        The arrays of those variables that are there, in MATLAB's order of memory.

    Raises:
        DataError: The file cannot be read, is cut off or damaged, of another
            format, or a variable is no array of real numbers.
    """
    try:
        with path.open('rb') as file:
            order = _read_header(file, path)
            found = {}
            for content in _matrices(file, order):
                name, array = _parse(content, order, names, path)
                if array is not None:
                    found[name] = array
            return found
    except OSError as error:
        raise DataError(f'{path} cannot be read: {error.strerror or error}') from error
    except (_Damaged, struct.error, zlib.error, MemoryError, OverflowError) as error:
        raise DataError(
            f'{path} is cut off or damaged ({error or "too large"}): copy it again'
        ) from error


def _read_header(file: IO[bytes], path: Path) -> str:
    """Returns the byte order of the file, as struct and numpy write it."""
    header = file.read(128)
    order = {b'IM': '<', b'MI': '>'}.get(header[126:])
    if order is None:
        raise DataError(f'{path} is not a MATLAB file of version 5: copy it again')
    (version,) = struct.unpack(order + 'H', header[124:126])
    if version != 0x100:
        raise DataError(
            f'{path} is a MATLAB 7.3 file or newer: save it again as version 5, as published'
        )
    return order


def _matrices(file: IO[bytes], order: str) -> Iterator[memoryview]:
    """Yields the content of each variable."""
    while tag := file.read(8):
        kind, size = struct.unpack(order + 'II', tag)
        content = file.read(size)
        if len(content) != size:
            raise _Damaged(f'{len(content)} of {size} bytes')
        if kind == _COMPRESSED:
            unpacker = zlib.decompressobj()
            kind, size = struct.unpack(order + 'II', unpacker.decompress(content, 8))
            if size > max(_SMALL, _MAX_RATIO * len(content)):
                raise _Damaged(f'{size} bytes packed into {len(content)}')
            content = unpacker.decompress(unpacker.unconsumed_tail, size) if size else b''
            unpacker.decompress(unpacker.unconsumed_tail, 1)  # compares the checksum
            if len(content) != size:
                raise _Damaged(f'{len(content)} of {size} unpacked bytes')
        if kind != _MATRIX:
            raise _Damaged(f'an element of type {kind} instead of a variable')
        yield memoryview(content)


def _element(content: memoryview, order: str) -> tuple[int, memoryview, memoryview]:
    """Returns the type and the data of the first element, and what comes after it."""
    kind, size = struct.unpack(order + 'II', content[:8])
    if kind >> 16:  # up to four bytes share the tag
        kind, size, start, end = kind & 0xFFFF, kind >> 16, 4, 8
        if size > 4:
            raise _Damaged(f'{size} bytes in a place for four')
    else:
        start, end = 8, 8 + size + -size % 8
    data = content[start : start + size]
    if len(data) != size:
        raise _Damaged(f'{len(data)} of {size} bytes')
    return kind, data, content[end:]


def _parse(
    content: memoryview, order: str, names: Collection[str], path: Path
) -> tuple[str, np.ndarray | None]:
    """Returns the name of a variable, and its array if it is one of ``names``."""
    _, flags, content = _element(content, order)
    (flags,) = struct.unpack(order + 'I', flags[:4])
    number_class = flags & 0xFF
    if number_class >= _NAMELESS:
        return '', None
    _, shape, content = _element(content, order)
    _, name, content = _element(content, order)
    name = bytes(name).decode('latin1')
    if name not in names:
        return name, None
    if number_class not in _CLASSES or flags & _COMPLEX:
        raise DataError(f'{path} holds {name} as something else than real numbers: replace it')
    if len(shape) % 4:
        raise _Damaged(f'a shape of {len(shape)} bytes')
    shape = struct.unpack(f'{order}{len(shape) // 4}i', shape)
    kind, data, _ = _element(content, order)
    if kind not in _STORED:
        raise _Damaged(f'numbers of type {kind}')
    stored = np.dtype(order + _STORED[kind])
    if min(shape, default=-1) < 0 or len(data) != math.prod(shape) * stored.itemsize:
        raise _Damaged(f'{len(data)} bytes for {name} of shape {shape}')
    array = np.frombuffer(data, stored).reshape(shape, order='F')
    return name, array.astype(_CLASSES[number_class], copy=False)
