"""Loading weights into the model that they belong to, and into no other."""

from pathlib import Path
from typing import Any

from mmengine.model import is_model_wrapper
from torch import nn

from lkca_mm.engine.weights_only import load_data_only
from lkca_mm.errors import CheckpointError, shown


def _some(names: list[str]) -> str:
    shown = ', '.join(names[:2])
    return f'{shown} and {len(names) - 2} more' if len(names) > 2 else shown


def read_checkpoint(path: str | Path, trust: bool = False) -> dict[str, Any]:
    """Reads a checkpoint onto the CPU.

    Args:
        path: The checkpoint file.
        trust: Whether to load one that can run code.

    Raises:
        CheckpointError: If the file is missing, cut short, no checkpoint, or holds
            more than data.
    """
    if not Path(path).is_file():
        raise CheckpointError(f'{shown(path)}: there is no such checkpoint file')
    return load_data_only(path, trust=trust)


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
    weights = {name.removeprefix('module.'): value for name, value in weights.items()}
    ours = model.state_dict()
    missing = [name for name in ours if name not in weights]
    left_over = [name for name in weights if name not in ours]
    problems = []
    if missing:
        problems.append(f'it lacks {_some(missing)}')
    if left_over:
        problems.append(f'the model has no {_some(left_over)}')
    if not problems:
        try:
            model.load_state_dict(weights, strict=True)
        except RuntimeError as error:
            lines = [line.strip() for line in str(error).splitlines() if 'size mismatch' in line]
            problems.append('; '.join(lines[:1]) or str(error).splitlines()[0])
    if problems:
        raise CheckpointError(
            f'{path}: is a checkpoint of another model: {"; ".join(problems)}; '
            'give the config that it was trained with'
        )


def load_weights(model: nn.Module, path: str | Path, trust: bool = False) -> dict[str, Any]:
    """Reads a checkpoint and loads its weights strictly.

    Args:
        model: The model.
        path: The checkpoint file.
        trust: Whether to load one that can run code.

    Returns:
        The checkpoint, with its ``meta``.

    Raises:
        CheckpointError: If the file is missing, unreadable or of another model.
    """
    checkpoint = read_checkpoint(path, trust)
    fit_weights(model, checkpoint, path)
    return checkpoint
