"""Models as files of ``torch.export``."""

import inspect
import io
import json
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lkca_mm.command import describe, shorten

import torch
from torch import Tensor, nn

from lkca_mm.errors import ConfigError
from lkca_mm.export.errors import ExportError


def check_torch_export() -> None:
    """Raises ConfigError if this PyTorch is older than the ``torch.export`` used here."""
    if 'strict' not in inspect.signature(torch.export.export).parameters:
        raise ConfigError(
            f'--out: .pt2 needs PyTorch 2.4 or later, this is {torch.__version__}; write .onnx'
        )


def write_program(
    model: nn.Module,
    image: Tensor,
    path: Path,
    dynamic_batch: bool = False,
    metadata: dict[str, Any] | None = None,
) -> None:
    """Writes a model with ``torch.export``.

    Args:
        model: A model in evaluation mode.
        image: Pictures (B, 3, H, W) to trace it with.
        path: The file.
        dynamic_batch: Whether the file takes any number of pictures, not just B.
        metadata: Kept in the file as ``metadata.json``.

    Raises:
        ExportError: If PyTorch cannot trace the model.
    """
    shapes = ({0: torch.export.Dim('batch')},) if dynamic_batch else None
    if dynamic_batch and len(image) == 1:
        # A batch of one would be taken for a constant.
        image = image.expand(2, -1, -1, -1).contiguous()
    buffer = io.BytesIO()
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter('ignore')
        try:
            # Not strict: OpenMMLab's modules do things that TorchDynamo does not follow.
            program = torch.export.export(model, (image,), dynamic_shapes=shapes, strict=False)
            extra = {'metadata.json': json.dumps(metadata or {})}
            torch.export.save(program, buffer, extra_files=extra)
        except Exception as error:
            raise ExportError(
                f'torch.export cannot trace this model: {shorten(describe(error))}'
            ) from error
    path.write_bytes(buffer.getvalue())


def open_program(path: Path) -> tuple[Callable[[Tensor], Tensor], int]:
    """Reads what :func:`write_program` wrote.

    Returns:
        A function from pictures to logits, and the number of its operations.
    """
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')
        program = torch.export.load(io.BytesIO(path.read_bytes()))
    module = program.module()
    operations = sum(node.op == 'call_function' for node in program.graph.nodes)

    @torch.no_grad()
    def run(image: Tensor) -> Tensor:
        return module(image)

    return run, operations
