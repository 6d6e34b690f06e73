"""Choices between backends that were measured on this machine.

``python tools/benchmark.py calibrate`` times the backends on a list of shapes and writes the
fastest of each to a file, which later processes read. Nothing is measured while a model trains:
the same code and file make the same choice.
"""

import json
import os
import platform
from pathlib import Path

import torch


def calibration_file() -> Path:
    """Returns the file of measured choices, in the user's cache folder."""
    root = os.environ.get('XDG_CACHE_HOME') or Path.home() / '.cache'
    return Path(root) / 'lkca_mm' / 'calibration.json'


def device_name(device: str) -> str:
    """Returns what tells this device and its software from others.

    Args:
        device: ``'cpu'`` or ``'cuda'``.
    """
    if device == 'cuda' and torch.cuda.is_available():
        kind = torch.cuda.get_device_name()
    else:
        kind = f'{platform.machine()} {torch.backends.cpu.get_cpu_capability()}'
    return f'{device} {kind}, torch {torch.__version__}'


def shape_key(
    element_size: int,
    kernel_size: tuple[int, int],
    grid: tuple[int, int],
    groups: int,
    channels: int,
    training: bool = True,
) -> str:
    """Returns the name of a shape in the file."""
    kernel, tokens = (f'{height}x{width}' for height, width in (kernel_size, grid))
    passes = 'training' if training else 'forward'
    return f'{tokens} kernel {kernel} G{groups} C{channels} {8 * element_size} bit {passes}'


def read_choices() -> dict[str, dict[str, str]]:
    """Returns the measured choices by device and shape; {} if there are none."""
    try:
        return json.loads(calibration_file().read_text(encoding='utf-8'))
    except (OSError, ValueError, RuntimeError):  # the last one: a user without a home
        return {}


# A graph that is being compiled takes the result as a constant and does not look at the file.
@torch.compiler.assume_constant_result
def measured_choice(
    device: str, element_size: int, *shape: object, training: bool = True
) -> str | None:
    """Returns the backend that was fastest here; None if this shape was not measured.

    Args:
        device: ``'cpu'`` or ``'cuda'``.
        element_size: Bytes of one element.
        *shape: (Kh, Kw), (H, W), G and C.
        training: Whether a backward pass will follow.
    """
    choices = read_choices().get(device_name(device), {})
    return choices.get(shape_key(element_size, *shape, training))
