"""Writing a model as ONNX or with ``torch.export``, and comparing the file with the model."""

import inspect
import io
import json
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from lkca_mm.errors import ConfigError, InstallationError, LKCAError
from lkca_mm.export.fixed_size import fix_size
from lkca_mm.export.logits import LogitsModel
from lkca_mm.files import written_whole


class ExportError(LKCAError):
    """An exported file computes something else than the model."""


def export_model(
    model: LogitsModel,
    path: Path,
    batch: int = 1,
    dynamic_batch: bool = False,
    opset: int = 17,
    tolerance: float = 1e-4,
    metadata: dict[str, Any] | None = None,
) -> tuple[int, float, float]:
    """Writes a model as a file and compares the two on random images.

    Args:
        model: The model; it stays as it is.
        path: The file, .onnx or .pt2. An older one is replaced only if the new one is right.
        batch: How many images the file takes.
        dynamic_batch: Whether it takes any number.
        opset: Version of ONNX's operators; from 17 on LayerNormalization is one node.
        tolerance: Largest difference of two logits, as a share of the largest logit.
        metadata: What the file says of itself; in ONNX, values that are not text are JSON.

    Returns:
        The nodes of the file's graph, the largest difference of two logits, the largest logit.

    Raises:
        ExportError: If the file computes something else.
        InstallationError: If a package is missing.
    """
    generator = torch.Generator().manual_seed(0)

    def random_images(count: int) -> Tensor:
        image = torch.rand(count, 3, *model.size, generator=generator)
        return 255 * image if model.normalized else 4 * image - 2

    image = random_images(batch)
    fixed = fix_size(model, image)
    difference = scale = 0.0
    # Tracing warns of each Python value that becomes a constant, which is what it is for.
    with warnings.catch_warnings(), torch.no_grad(), written_whole(path) as part:
        warnings.simplefilter('ignore')
        if path.suffix == '.onnx':
            try:
                write_onnx(fixed, image, part, dynamic_batch, metadata, opset)
                run, nodes = open_onnx(part)
            except ImportError as error:
                raise InstallationError(f"{error}; run: pip install -e '.[export]'") from error
        else:
            write_program(fixed, image, part, dynamic_batch, metadata)
            run, nodes = open_program(part)
        for images in [image, random_images(batch + 2)] if dynamic_batch else [image]:
            expected = model(images)
            scale = max(scale, float(expected.abs().max()))
            difference = max(difference, float((run(images) - expected).abs().max()))
            if not difference <= tolerance * scale:
                raise ExportError(
                    f'{path}: not written: differs from PyTorch by {difference:.1e} in '
                    f'logits of up to {scale:.3g}, by more than --tolerance {tolerance:g} of these'
                )
    return nodes, difference, scale


def write_onnx(
    model: nn.Module,
    image: Tensor,
    path: Path,
    dynamic_batch: bool = False,
    metadata: dict[str, Any] | None = None,
    opset: int = 17,
) -> None:
    """Writes a file with the input ``image`` and the output ``logits``; see export_model."""
    import onnx
    from onnxscript import optimizer

    axes = {'image': {0: 'batch'}, 'logits': {0: 'batch'}} if dynamic_batch else None
    settings = {'input_names': ['image'], 'output_names': ['logits'], 'dynamic_axes': axes}
    # The exporter that traces is in every PyTorch from 2.1 on and writes opset 17 too; the one
    # on top of torch.export came with 2.5 and starts at 18.
    if 'dynamo' in inspect.signature(torch.onnx.export).parameters:
        settings['dynamo'] = False
    torch.onnx.export(model, (image,), str(path), opset_version=opset, **settings)
    # Folds what tracing leaves behind: shapes that are constants, copies of equal weights.
    graph = optimizer.optimize(onnx.load(str(path)))
    # The old shapes of weights stop ONNX Runtime's quantiser, which turns some of them round.
    del graph.graph.value_info[:]
    texts = {k: v if isinstance(v, str) else json.dumps(v) for k, v in (metadata or {}).items()}
    onnx.helper.set_model_props(graph, texts)
    onnx.checker.check_model(graph)
    onnx.save(graph, str(path))


def open_onnx(path: Path) -> tuple[Callable[[Tensor], Tensor], int]:
    """Returns an ONNX file as a function from images to logits on the CPU, and its node count."""
    import onnx
    import onnxruntime

    session = onnxruntime.InferenceSession(str(path), providers=['CPUExecutionProvider'])

    def run(image: Tensor) -> Tensor:
        return torch.from_numpy(session.run(['logits'], {'image': image.numpy()})[0])

    return run, len(onnx.load(str(path)).graph.node)


def write_program(
    model: nn.Module,
    image: Tensor,
    path: Path,
    dynamic_batch: bool = False,
    metadata: dict[str, Any] | None = None,
) -> None:
    """Writes a program of ``torch.export``, with the metadata as ``metadata.json`` in it."""
    if 'strict' not in inspect.signature(torch.export.export).parameters:
        raise ConfigError(f'.pt2 needs PyTorch 2.4 or later, not {torch.__version__}; write .onnx')
    shapes = ({0: torch.export.Dim('batch')},) if dynamic_batch else None
    if dynamic_batch and len(image) == 1:
        # A batch of one would be taken for a constant.
        image = image.expand(2, -1, -1, -1).contiguous()
    # Not strict: OpenMMLab's modules do things that TorchDynamo does not follow.
    program = torch.export.export(model, (image,), dynamic_shapes=shapes, strict=False)
    buffer = io.BytesIO()
    extra = {'metadata.json': json.dumps(metadata or {})}
    torch.export.save(program, buffer, extra_files=extra)
    path.write_bytes(buffer.getvalue())


def open_program(path: Path) -> tuple[Callable[[Tensor], Tensor], int]:
    """Returns what :func:`write_program` wrote as a function, and its number of operations."""
    program = torch.export.load(io.BytesIO(path.read_bytes()))
    return program.module(), sum(node.op == 'call_function' for node in program.graph.nodes)
