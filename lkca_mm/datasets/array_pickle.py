"""Reads pickles of numpy arrays and plain values, and runs nothing else in them."""

import io
import math
import pickle
import re
from pathlib import Path
from typing import Any

import numpy as np

from lkca_mm.errors import DataError

_NUMBERS = re.compile(r'[|<>=]?[iu][1248]')


class _StandIn:
    """What a name in a pickle stands for here.

    numpy's own functions trust what the pickle tells them and can be led to
    crash; these only keep it, to be judged when all is read.
    """

    def __init__(self, *args: Any) -> None:
        self.args = args
        self.state: Any = None

    def __setstate__(self, state: Any) -> None:
        self.state = state


class _Dtype(_StandIn):
    """``numpy.dtype(name, align, copy)`` with the state ``(version, byte order, ...)``."""

    def resolve(self) -> np.dtype:
        name = self.args[0]
        order = self.state[1] if self.state else '='
        if not _NUMBERS.fullmatch(name) or order not in ('|', '<', '>', '='):
            raise pickle.UnpicklingError(f'arrays of {name!r} instead of whole numbers')
        return np.dtype(name).newbyteorder(order)


class _Array(_StandIn):
    """An empty array with the state ``(version, shape, dtype, is Fortran order, bytes)``."""

    def resolve(self) -> np.ndarray:
        _, shape, dtype, fortran, content = self.state
        return _rebuild(content, dtype, shape, 'F' if fortran else 'C')


class _FromBuffer(_StandIn):
    """An array as of protocol 5: ``(bytes, dtype, shape, order)``."""

    def resolve(self) -> np.ndarray:
        return _rebuild(*self.args)


class _Encode(_StandIn):
    """``codecs.encode``: array bytes are only ever written as Latin-1."""

    def __new__(cls, text: str, encoding: str) -> bytes:
        if encoding not in ('latin1', 'latin-1'):
            raise pickle.UnpicklingError(f'encoding {encoding!r} is not latin1')
        return text.encode('latin1')


def _rebuild(content: Any, dtype: _Dtype, shape: tuple[int, ...], order: str) -> np.ndarray:
    if isinstance(content, str):
        content = content.encode('latin1')  # a byte string of Python 2
    kind = dtype.resolve()
    if len(content) != math.prod(shape) * kind.itemsize:
        raise pickle.UnpicklingError(f'{len(content)} bytes for an array of shape {shape}')
    return np.frombuffer(content, kind).reshape(shape, order=order)


# numpy 2 has renamed its modules; a file names those of the version that wrote it.
_ALLOWED: dict[tuple[str, str], type] = {
    ('numpy', 'ndarray'): _StandIn,
    ('numpy', 'dtype'): _Dtype,
    ('numpy.core.multiarray', '_reconstruct'): _Array,
    ('numpy._core.multiarray', '_reconstruct'): _Array,
    ('numpy.core.numeric', '_frombuffer'): _FromBuffer,
    ('numpy._core.numeric', '_frombuffer'): _FromBuffer,
    ('_codecs', 'encode'): _Encode,
}


class _Forbidden(Exception):
    """The pickle names something that it has no business with."""


class _WholeLines(io.BufferedReader):
    """A file that does not pass off the rest of a cut name as a name."""

    def readline(self, size: int | None = -1) -> bytes:
        """Returns a line with its end."""
        line = super().readline(size)
        if not line.endswith(b'\n'):
            raise EOFError('it ends within a name')
        return line


# Not pickle.Unpickler: its table of memorised objects is an array, so that one
# damaged number in a file makes it claim all memory. This one's is a dict.
class _ArrayUnpickler(pickle._Unpickler):
    """Looks names up in a short list instead of importing them."""

    def find_class(self, module: str, name: str) -> Any:
        """Returns what a name in the pickle stands for."""
        try:
            return _ALLOWED[module, name]
        except KeyError:
            raise _Forbidden(f'{module}.{name}') from None


def load_array_pickle(path: Path) -> Any:
    """Reads a pickled dict of arrays and plain values, also one that Python 2 wrote.

    Unlike ``pickle.load`` it calls no function that the file names, so a file
    from a stranger can do no harm. Arrays are read-only; byte strings of Python 2
    become text, as Latin-1.

    Args:
        path: The file.

    Returns:
        What the pickle holds.

    Raises:
        DataError: The file cannot be read, is cut off or damaged, or names
            anything else than arrays.
    """
    try:
        with _WholeLines(io.FileIO(path)) as file:
            content = _ArrayUnpickler(file, encoding='latin1').load()
        if isinstance(content, dict):
            return {key: _resolved(value) for key, value in content.items()}
        return content
    except _Forbidden as error:
        raise DataError(
            f'{path} wants to use {str(error)!a}, which no data file needs: it was not '
            f'read; get the file from its publisher'
        ) from error
    except OSError as error:
        raise DataError(f'{path} cannot be read: {error.strerror or error}') from error
    except Exception as error:  # damaged bytes can raise nearly anything
        reason = ascii(str(error) or type(error).__name__)[1:-1]
        raise DataError(f'{path} is cut off or damaged ({reason}): copy it again') from error


def _resolved(value: Any) -> Any:
    return value.resolve() if isinstance(value, _Array | _FromBuffer) else value
