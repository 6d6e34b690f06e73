"""Reads pickles of numpy arrays and plain values, and runs nothing else in them."""

import pickle
from pathlib import Path
from typing import IO, Any

import numpy as np

from lkca_mm.errors import DataError


def _encode(text: str, encoding: str = 'latin1') -> bytes:
    """Stands in for ``codecs.encode``; array bytes are only ever written as Latin-1."""
    if encoding not in ('latin1', 'latin-1'):
        raise pickle.UnpicklingError(f'encoding {encoding!r} is not latin1')
    return text.encode('latin1')


# numpy itself says which functions rebuild its arrays, up to protocol 4 and from 5 on.
_RECONSTRUCT = np.empty(0, np.uint8).__reduce_ex__(2)[0]
_FROM_BUFFER = np.empty(0, np.uint8).__reduce_ex__(5)[0]

# numpy 2 has renamed its modules; a file names those of the version that wrote it.
_ALLOWED: dict[tuple[str, str], Any] = {
    ('numpy', 'ndarray'): np.ndarray,
    ('numpy', 'dtype'): np.dtype,
    ('numpy.core.multiarray', '_reconstruct'): _RECONSTRUCT,
    ('numpy._core.multiarray', '_reconstruct'): _RECONSTRUCT,
    ('numpy.core.numeric', '_frombuffer'): _FROM_BUFFER,
    ('numpy._core.numeric', '_frombuffer'): _FROM_BUFFER,
    ('_codecs', 'encode'): _encode,
}


class _Forbidden(Exception):
    """The pickle names something that it has no business with."""


class _ArrayUnpickler(pickle.Unpickler):
    """Looks names up in a short list instead of importing them."""

    def find_class(self, module: str, name: str) -> Any:
        """Returns what a name in the pickle stands for."""
        try:
            return _ALLOWED[module, name]
        except KeyError:
            raise _Forbidden(f'{module}.{name}') from None


def load_array_pickle(path: Path) -> Any:
    """Reads a pickle, also one that Python 2 wrote (its strings as Latin-1).

    Unlike ``pickle.load`` it calls nothing but what rebuilds a numpy array, so a
    file from a stranger can do no harm.

    Args:
        path: The file.

    Returns:
        What the pickle holds.

    Raises:
        DataError: The file cannot be read, is cut off or damaged, or names
            anything else than arrays.
    """
    try:
        with path.open('rb') as file:
            return _load(file)
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


def _load(file: IO[bytes]) -> Any:
    return _ArrayUnpickler(file, encoding='latin1').load()
