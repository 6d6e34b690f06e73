"""Reading a checkpoint as data: nothing in it is executed, and no byte of it is missing."""

import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import numpy as np
import torch
from mmengine.logging import HistoryBuffer

from lkca_mm.engine.checkpoint_form import check_form
from lkca_mm.errors import CheckpointError, DamagedCheckpointError, UntrustedCheckpointError

# What PyTorch's reader says of a file that holds more than data, and what that is.
_REFUSED = re.compile(
    r'GLOBAL (\S+)|[Uu]nsupported class (\S+)|Unsupported operand|unrecognized function'
)
_NUMBERS = (
    *('bool', 'int8', 'int16', 'int32', 'int64', 'uint8', 'uint16', 'uint32', 'uint64'),
    *('float16', 'float32', 'float64'),
)


def _named(function: Callable[..., Any], module: str, name: str) -> Callable[..., Any]:
    """Returns a function that PyTorch's list of allowed names knows by another one."""

    def stand_in(*args: Any) -> Any:
        return function(*args)

    stand_in.__module__, stand_in.__name__, stand_in.__qualname__ = module, name, name
    return stand_in


def _statistic(owner: Any, name: str) -> Any:
    """Stands in for ``getattr``, by which pickle finds the methods that a history lists."""
    if owner is not HistoryBuffer or name not in ('min', 'max', 'mean', 'current'):
        raise UnpicklingError(f'GLOBAL {getattr(owner, "__qualname__", type(owner))}.{name}')
    return getattr(owner, name)


def _allowed() -> list[Any]:
    """Returns what checkpoints of mmengine need beyond tensors and plain values.

    Those are the histories of the message hub and numbers of NumPy. mmengine's own
    list has the whole of ``getattr`` in it.
    """
    reconstruct, scalar = (
        np.ndarray((0,)).__reduce__()[0],
        np.float64(0).__reduce__()[0],
    )
    stand_ins = [_named(_statistic, 'builtins', 'getattr')]
    # NumPy 2 renamed the module; checkpoints of either are read by either.
    for module in ('numpy.core.multiarray', 'numpy._core.multiarray'):
        stand_ins.append(_named(reconstruct, module, '_reconstruct'))
        stand_ins.append(_named(scalar, module, 'scalar'))
    kinds = [type(np.dtype(name)) for name in _NUMBERS]
    return [HistoryBuffer, np.ndarray, np.dtype, *kinds, *stand_ins]


def check_whole(path: str | Path) -> None:
    """Looks at every byte of a checkpoint against the sums that are stored with it.

    PyTorch's own reader does not compare them. Files of the old format, from before
    PyTorch 1.6, have none and pass.

    Args:
        path: The file.

    Raises:
        DamagedCheckpointError: If it is empty, cut off or changed.
    """
    path = Path(path)
    try:
        with path.open('rb') as file:
            start = file.read(4)
        # A cut within the first four bytes leaves no sign of the format.
        if len(start) < 4:
            raise DamagedCheckpointError(f'{path}: is cut short, to {len(start)} bytes')
        if start.startswith(b'PK') or zipfile.is_zipfile(path):
            _check_records(path)
    except OSError as error:
        raise DamagedCheckpointError(
            f'{path}: cannot be read ({error.strerror or error})'
        ) from error


def _check_records(path: Path) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            # PyTorch stores all as it is; packed records could grow without bounds.
            packed = [info for info in archive.infolist() if info.compress_type]
            stored = sum(info.file_size for info in archive.infolist())
            if not packed and stored > path.stat().st_size:  # the same bytes, many times over
                raise zipfile.BadZipFile('it says to be larger than it is')
            damaged = packed[0].filename if packed else archive.testzip()
    except OSError:
        raise
    except Exception as error:  # an archive can be wrong in many ways
        raise DamagedCheckpointError(
            f'{path}: cannot be read as a checkpoint, it may be cut short ({error})'
        ) from error
    if damaged is not None:
        raise DamagedCheckpointError(
            f'{path}: is damaged: the bytes of {damaged} are not those that were written'
        )


def _settings(trust: bool) -> dict[str, Any]:
    """Returns how ``torch.load`` is told what it may make."""
    if trust:
        return {'weights_only': False}
    if hasattr(torch.serialization, 'add_safe_globals'):
        torch.serialization.add_safe_globals(_ALLOWED)
        return {'weights_only': True}
    from lkca_mm.engine import restricted_pickle  # reads what is gone in later versions

    restricted_pickle.allow(_ALLOWED)
    return {'weights_only': False, 'pickle_module': restricted_pickle}


def load_data_only(path: str | Path, map_location: Any = 'cpu', trust: bool = False) -> Any:
    """Reads a file that ``torch.save`` wrote.

    Args:
        path: The file.
        map_location: As for ``torch.load``.
        trust: Whether to load what can run code.

    Raises:
        DamagedCheckpointError: If it is cut short or changed.
        UntrustedCheckpointError: If it holds more than data.
    """
    check_whole(path)
    try:
        loaded = torch.load(str(path), map_location=map_location, **_settings(trust))
    except Exception as error:
        found = None if trust else _REFUSED.search(str(error))
        if found:
            name = found[1] or found[2] or 'an instruction'
            raise UntrustedCheckpointError(
                f'{path}: holds {name}, which is no data and could run code when it is loaded; '
                'if you trust where the file comes from, add --trust-checkpoint'
            ) from error
        reason = str(error).strip().splitlines() or [type(error).__name__]
        raise DamagedCheckpointError(
            f'{path}: cannot be read as a checkpoint, it may be cut short ({reason[0][:120]})'
        ) from error
    if not isinstance(loaded, dict):
        raise CheckpointError(f'{path}: holds a {type(loaded).__name__}, not a checkpoint')
    check_form(loaded, path)
    if not trust and isinstance(loaded.get('meta'), dict):
        # mmengine runs a config of this name, which is Python, when it resumes.
        loaded['meta'].pop('config', None)
    return loaded


_ALLOWED = _allowed()
