"""A pickle module that makes nothing but data, for PyTorch before 2.4.

``torch.load(weights_only=True)`` cannot be told there what else is data, so ``torch.load``
gets this module as its ``pickle_module`` instead. A pickle can only call what it has
found, and it finds nothing but PyTorch's own list and what :func:`allow` added.
"""

import pickle
from _compat_pickle import IMPORT_MAPPING
from codecs import encode
from collections.abc import Iterable
from typing import Any, BinaryIO

# Private, but the versions that lack a public way will not change any more.
from torch._weights_only_unpickler import _get_allowed_globals

_found: dict[str, Any] = {}


def _latin1(text: str, encoding: str) -> bytes:
    """Makes bytes from a text, which is how pickle's old protocols store them."""
    if encoding != 'latin1':
        raise pickle.UnpicklingError(f'GLOBAL _codecs.encode({encoding})')
    return encode(text, encoding)


def allow(things: Iterable[Any]) -> None:
    """Adds classes and functions to what is found, by the names that they bear."""
    _found.update({f'{thing.__module__}.{thing.__name__}': thing for thing in things})


class Unpickler(pickle.Unpickler):
    """Finds what is allowed, whatever a file asks for."""

    def find_class(self, module: str, name: str) -> Any:
        """Returns an allowed class or function.

        Raises:
            UnpicklingError: If it is not allowed.
        """
        full = f'{IMPORT_MAPPING.get(module, module)}.{name}'
        for allowed in (_found, _get_allowed_globals()):
            if full in allowed:
                return allowed[full]
        if full == '_codecs.encode':
            return _latin1
        raise pickle.UnpicklingError(f'GLOBAL {full}')


def load(file: BinaryIO, **settings: Any) -> Any:
    """Reads one object, as ``pickle.load`` does."""
    return Unpickler(file, **settings).load()
