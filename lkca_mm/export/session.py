"""Running ONNX files."""

from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor

from lkca_mm.export.packages import need


def open_onnx(path: Path) -> Callable[[Tensor], Tensor]:
    """Returns an ONNX file as a function from pictures to logits, on the CPU.

    ONNX Runtime gets as many threads as PyTorch has, so that the two can be compared.
    """
    runtime = need('onnxruntime')
    options = runtime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    options.inter_op_num_threads = 1
    # Errors alone: it warns of what it cannot know of the machine.
    options.log_severity_level = 3
    # Threads that wait busily would slow down whatever runs between two pictures.
    options.add_session_config_entry('session.intra_op.allow_spinning', '0')
    session = runtime.InferenceSession(str(path), options, providers=['CPUExecutionProvider'])

    def run(image: Tensor) -> Tensor:
        return torch.from_numpy(session.run(['logits'], {'image': image.numpy()})[0])

    return run
