"""Whether what a checkpoint holds has the form of a checkpoint."""

from collections.abc import Mapping, Sequence
from numbers import Integral
from pathlib import Path
from typing import Any

import numpy as np
import torch

from lkca_mm.errors import CheckpointError

# Kept for each weight, and of its shape.
_OF_THE_WEIGHTS_SHAPE = ('exp_avg', 'exp_avg_sq', 'max_exp_avg_sq', 'momentum_buffer')


def check_form(checkpoint: dict[str, Any], path: str | Path) -> None:
    """Looks for weights, class names and colours that are none, or not finite.

    Args:
        checkpoint: What the file holds.
        path: The file, for the message.

    Raises:
        CheckpointError: If there are some.
    """
    for key in ('state_dict', 'meta', 'optimizer', 'message_hub'):
        if not isinstance(checkpoint.get(key, {}), (Mapping, type(None))):
            found = type(checkpoint[key]).__name__
            raise CheckpointError(f'{path}: `{key}` is a {found}, so it is no checkpoint of a run')
    for name, value in (checkpoint.get('state_dict') or {}).items():
        if not isinstance(name, str) or not isinstance(value, torch.Tensor):
            raise CheckpointError(f'{path}: `state_dict` holds {name!r}, which is no weight')
        if not _is_finite(value):
            raise CheckpointError(
                f'{path}: the weight {name} is not finite; take another checkpoint'
            )
    for name, value in ((checkpoint.get('message_hub') or {}).get('resumed_keys') or {}).items():
        if not isinstance(value, bool):
            raise CheckpointError(f'{path}: `message_hub.resumed_keys` has {value!r} for {name}')
    known = (checkpoint.get('meta') or {}).get('dataset_meta') or {}
    if not isinstance(known, Mapping):
        raise CheckpointError(f'{path}: `meta.dataset_meta` is a {type(known).__name__}')
    classes, palette = (_plain(known.get(key)) for key in ('classes', 'palette'))
    if not _is_list(classes) or not all(isinstance(name, str) for name in classes):
        raise CheckpointError(f'{path}: `meta.dataset_meta.classes` is no list of names')
    if not _is_list(palette) or not all(_is_colour(colour) for colour in palette):
        raise CheckpointError(f'{path}: `meta.dataset_meta.palette` is no list of colours')


def _is_finite(value: torch.Tensor) -> bool:
    if not value.is_floating_point() or value.layout != torch.strided or value.is_meta:
        return True
    storage = value.untyped_storage()
    if value.numel() * value.element_size() > storage.nbytes():  # elements that share memory
        value = torch.empty(0, dtype=value.dtype).set_(storage)
    return bool(torch.isfinite(value).all())


def _plain(value: Any) -> Any:
    return value.tolist() if isinstance(value, np.ndarray) else () if value is None else value


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, (str, bytes))


def _is_colour(value: Any) -> bool:
    return (
        _is_list(value)
        and len(value) == 3
        and all(isinstance(part, Integral) and 0 <= part <= 255 for part in value)
    )


def check_optimizer(optimizer: torch.optim.Optimizer, path: str | Path) -> None:
    """Looks at what an optimiser was given of a checkpoint, before it makes a step with it.

    Args:
        optimizer: The optimiser.
        path: The checkpoint's file, for the message.

    Raises:
        CheckpointError: If weights lack what others have, or it has another shape
            or is not finite.
    """
    expected: set[str] = set().union(*optimizer.state.values())
    for parameter, state in optimizer.state.items():
        if not isinstance(parameter, torch.Tensor):
            raise CheckpointError(
                f'{path}: its `optimizer` has a state for {parameter!r}, which is no weight'
            )
        missing = sorted(expected - set(state))
        if missing:
            raise CheckpointError(
                f'{path}: its `optimizer` lacks {missing[0]} of a weight of shape '
                f'{tuple(parameter.shape)}, so training cannot go on from it'
            )
        for name, value in state.items():
            shape = parameter.shape if name in _OF_THE_WEIGHTS_SHAPE else torch.Size()
            if value is None or name not in (*_OF_THE_WEIGHTS_SHAPE, 'step'):
                continue
            number = name == 'step' and isinstance(value, (int, float))
            fits = isinstance(value, torch.Tensor) and value.shape == shape and _is_finite(value)
            if not (number or fits):
                raise CheckpointError(
                    f'{path}: its `optimizer` has a wrong {name} of a weight of shape '
                    f'{tuple(parameter.shape)}, so training cannot go on from it'
                )
