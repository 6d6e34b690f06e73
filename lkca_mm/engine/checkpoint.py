"""Checkpoints: read as data, found whole, loaded into the model that they belong to."""

import re
import sys
import warnings
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import numpy as np
import torch
from mmengine.logging import HistoryBuffer
from mmengine.model import is_model_wrapper
from mmengine.runner import CheckpointLoader
from mmengine.runner.checkpoint import load_from_local
from torch import nn

from lkca_mm.errors import CheckpointError, DamagedCheckpointError, UntrustedCheckpointError

POINTER = 'last_checkpoint'
"""The file of a work dir that names the newest checkpoint, as mmengine has it."""

# What PyTorch says of a file that holds more than data, and the name of what that is.
_REFUSED = re.compile(
    r'GLOBAL (\S+)|[Uu]nsupported class (\S+)|Unsupported operand|unrecognized function'
)


def _named(function: Callable[..., Any], module: str, name: str) -> Callable[..., Any]:
    """Returns a function that PyTorch's list of allowed names knows by another name."""

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
    """Returns what mmengine's checkpoints need beyond tensors and plain values.

    That is the histories of the message hub and numbers of NumPy. mmengine's fork has a list
    of its own, with the whole of ``getattr`` in it.
    """
    made = [_named(_statistic, 'builtins', 'getattr')]
    # NumPy 2 renamed the module; checkpoints of either are read by either.
    for module in ('numpy.core.multiarray', 'numpy._core.multiarray'):
        made.append(_named(np.ndarray((0,)).__reduce__()[0], module, '_reconstruct'))
        made.append(_named(np.float64(0).__reduce__()[0], module, 'scalar'))
    kinds = {type(np.dtype(code)) for code in '?bhilqBHILQefd'}
    return [HistoryBuffer, np.ndarray, np.dtype, *kinds, *made]


def _load(path: Path, map_location: Any, trust: bool) -> Any:
    if trust:
        return torch.load(str(path), map_location=map_location, weights_only=False)
    if hasattr(torch.serialization, 'safe_globals'):
        with torch.serialization.safe_globals(_allowed()):
            return torch.load(str(path), map_location=map_location, weights_only=True)
    warnings.warn(
        f'{path}: this PyTorch cannot read it as data alone, 2.5 can; '
        'only load files whose origin you know',
        stacklevel=3,
    )
    return load_from_local(str(path), map_location)


def _check_whole(path: Path) -> None:
    """Compares every byte with the checksums in the file, which PyTorch does not."""
    if zipfile.is_zipfile(path):  # not so before PyTorch 1.6
        with zipfile.ZipFile(path) as archive:
            if damaged := archive.testzip():
                raise zipfile.BadZipFile(f'the bytes of {damaged} have changed')


def read_checkpoint(
    path: str | Path, trust: bool = False, map_location: Any = 'cpu'
) -> dict[str, Any]:
    """Reads a checkpoint as data, without running anything that it holds.

    Args:
        path: The checkpoint file.
        trust: Whether to load one that can run code.
        map_location: As for ``torch.load``.

    Raises:
        CheckpointError: If the file is missing, cut short or changed, or holds more than data
            (:class:`UntrustedCheckpointError`).
    """
    path = Path(path).expanduser()
    if not path.is_file():
        raise CheckpointError(f'{path}: there is no such checkpoint file')
    try:
        _check_whole(path)
        loaded = _load(path, map_location, trust)
    except Exception as error:  # a file can be wrong in many ways
        if not trust and (found := _REFUSED.search(str(error))):
            name = found[1] or found[2] or 'an instruction'
            raise UntrustedCheckpointError(
                f'{path}: holds {name}, which is not data and could run code when it is loaded; '
                'if you trust where the file comes from, add --trust-checkpoint'
            ) from error
        reason = str(error).strip().splitlines() or [type(error).__name__]
        raise DamagedCheckpointError(
            f'{path}: cannot be read as a checkpoint, it may be cut short ({reason[0][:120]})'
        ) from error
    if not isinstance(loaded, dict):
        raise CheckpointError(f'{path}: holds a {type(loaded).__name__}, not a checkpoint')
    if not trust and isinstance(loaded.get('meta'), dict):
        loaded['meta'].pop('config', None)  # Python code, which mmengine runs when it resumes
    return loaded


@contextmanager
def reading_as_data(trust: bool = False) -> Iterator[None]:
    """Makes mmengine read local checkpoints by :func:`read_checkpoint` inside the ``with``.

    That covers ``load_from``, ``resume`` and ``init_cfg=dict(type='Pretrained')``. By itself
    mmengine runs what a file holds beside data: the fork if reading it as data fails,
    upstream always.

    Args:
        trust: Whether to load files that can run code.
    """

    def load(filename: str, map_location: Any = None) -> dict[str, Any]:
        return read_checkpoint(filename, trust, map_location)

    CheckpointLoader.register_scheme('', load, force=True)
    try:
        yield
    finally:
        CheckpointLoader.register_scheme('', load_from_local, force=True)


def fit_weights(model: nn.Module, checkpoint: dict[str, Any], path: str | Path) -> None:
    """Loads a checkpoint's weights strictly.

    Position embeddings and LKCA kernels of another size are fitted, as
    :class:`lkca_mm.models.VisionTrunk` does; everything else must agree.

    Args:
        model: The model, wrapped for several processes or not.
        checkpoint: What :func:`read_checkpoint` returned.
        path: Its file, for the message.

    Raises:
        CheckpointError: If a weight is missing, left over or of another shape.
    """
    model = model.module if is_model_wrapper(model) else model
    weights = checkpoint.get('state_dict', checkpoint)
    try:
        model.load_state_dict({name.removeprefix('module.'): w for name, w in weights.items()})
    except RuntimeError as error:
        words = ' '.join(' '.join(str(error).split()).split(': ', 1)[1:])
        raise CheckpointError(
            f'{path}: is a checkpoint of another model ({words[:200]}); '
            'give the config that it was trained with'
        ) from error


def load_weights(model: nn.Module, path: str | Path, trust: bool = False) -> dict[str, Any]:
    """Reads a checkpoint, loads its weights strictly and returns it with its ``meta``.

    See :func:`read_checkpoint` and :func:`fit_weights` for arguments and errors.
    """
    checkpoint = read_checkpoint(path, trust)
    fit_weights(model, checkpoint, path)
    return checkpoint


def newest_checkpoint(
    work_dir: str | Path, trust: bool = False
) -> tuple[str, dict[str, Any]] | None:
    """Finds the newest whole checkpoint of a work dir that training can go on from.

    The one that ``last_checkpoint`` names comes first, also from another folder, then the others
    by age. Those that are damaged are named on stderr.

    Returns:
        The file and what it holds; None if the folder has no checkpoint.

    Raises:
        CheckpointError: If there are checkpoints, but none that training can go on from.
    """
    work_dir = Path(work_dir)
    # The best ones lack the optimizer's state.
    found = [path for path in work_dir.glob('*.pth') if not path.name.startswith('best_')]
    found.sort(key=lambda path: path.stat().st_mtime_ns, reverse=True)
    if (pointer := work_dir / POINTER).is_file():
        # By its name first: the work dir may have been moved.
        written = Path(pointer.read_text(encoding='utf-8').strip())
        named = work_dir / written.name
        if not named.exists() and written.is_file():  # of a CheckpointHook with `out_dir`
            found.append(named := written)
        found.sort(key=lambda path: path != named)
    for path in found:
        try:
            checkpoint = read_checkpoint(path, trust)
        except DamagedCheckpointError as error:
            print(f'skipped {error}', file=sys.stderr)
        else:
            if 'optimizer' in checkpoint:
                return str(path), checkpoint
    if found:
        raise CheckpointError(
            f"{work_dir}: none of its checkpoints is whole and has the optimizer's state; "
            'leave out --resume to start anew, or name a checkpoint'
        )
    return None
