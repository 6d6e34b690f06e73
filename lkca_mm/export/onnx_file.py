"""Models as ONNX files."""

import inspect
import json
import warnings
from pathlib import Path
from typing import Any

from lkca_mm.command import describe, shorten

import torch
from torch import Tensor, nn

from lkca_mm.benchmark.memory import bytes_of
from lkca_mm.export.errors import ExportError
from lkca_mm.export.packages import need

# LayerNormalization is one node from here on.
MIN_OPSET = 17
# A file of Protocol Buffers holds no more.
_LIMIT = 2**31 - 1


def write_onnx(
    model: nn.Module,
    image: Tensor,
    path: Path,
    opset: int = MIN_OPSET,
    dynamic_batch: bool = False,
    metadata: dict[str, Any] | None = None,
) -> None:
    """Writes a model as an ONNX file with the input ``image`` and the output ``logits``.

    Args:
        model: A model in evaluation mode.
        image: Pictures (B, 3, H, W) to trace it with.
        path: The file.
        opset: Version of ONNX's standard operators.
        dynamic_batch: Whether the file takes any number of pictures, not just B.
        metadata: What the file says of itself; values that are no text as JSON.

    Raises:
        ExportError: If PyTorch cannot express the model in these operators, or it is
            larger than an ONNX file can be.
        InstallationError: If a package is missing.
    """
    onnx, optimizer = need('onnx'), need('onnxscript.optimizer')
    if (size := bytes_of(*model.parameters(), *model.buffers())) > _LIMIT:
        raise ExportError(
            f'{path.name}: weights and matrices take {size / 2**30:.1f} GiB at this size, an ONNX '
            'file 2 at most; choose a smaller --size, or write .pt2'
        )
    settings: dict[str, Any] = {}
    if dynamic_batch:
        settings['dynamic_axes'] = {'image': {0: 'batch'}, 'logits': {0: 'batch'}}
    # The exporter that traces: it is in every PyTorch from 2.1 on and writes opset 17
    # too, where the one on top of torch.export came with 2.5 and begins at 18.
    # What tracing leaves behind (shapes that are constants, copies of equal weights) is
    # folded below, by the optimiser of the other one, which leaves as few nodes.
    if 'dynamo' in inspect.signature(torch.onnx.export).parameters:
        settings['dynamo'] = False
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter('ignore')
        try:
            torch.onnx.export(
                model,
                (image,),
                str(path),
                input_names=['image'],
                output_names=['logits'],
                opset_version=opset,
                **settings,
            )
        except Exception as error:
            raise ExportError(
                f'opset {opset}: PyTorch cannot write this model as ONNX: '
                f'{shorten(describe(error))}'
            ) from error
        graph = optimizer.optimize(onnx.load(str(path)))
    # The optimiser states the shapes of weights twice; onnxruntime's quantiser, which turns
    # some of them round, changes one of the two.
    weights = {weight.name for weight in graph.graph.initializer}
    shapes = [shape for shape in graph.graph.value_info if shape.name not in weights]
    del graph.graph.value_info[:]
    graph.graph.value_info.extend(shapes)
    for key, value in (metadata or {}).items():
        text = value if isinstance(value, str) else json.dumps(value)
        graph.metadata_props.add(key=key, value=text)
    onnx.checker.check_model(graph)
    onnx.save(graph, str(path))
