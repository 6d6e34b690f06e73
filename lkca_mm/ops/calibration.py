"""Choices between backends that were measured on this machine.

``python tools/benchmark.py calibrate`` times the backends on a list of shapes and
writes the fastest of each to a file, which every later process reads. Nothing is
measured while a model trains: the same code and file make the same choice.
"""

import json
import os
import platform
from pathlib import Path

import torch

from lkca_mm.ops.modes import is_compiling
from lkca_mm.record import write_record

Shape = tuple[tuple[int, int], tuple[int, int], int, int]


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


def read_calibration() -> dict[str, dict[str, str]]:
    """Returns the measured choices by device and shape; {} if there are none.

    A file that cannot be read is as good as none: it only makes things faster.
    """
    try:
        content = json.loads(calibration_file().read_text(encoding='utf-8'))
        return {
            str(device): {str(shape): str(choice) for shape, choice in choices.items()}
            for device, choices in content.items()
        }
    except (OSError, ValueError, AttributeError, RuntimeError):
        return {}


_FROM_FILE = read_calibration()
_KNOWN = ('toeplitz', 'hybrid', 'conv', 'fft')
# The choices for the devices at hand, filled when one is first asked for.
_here: dict[str, dict[str, str]] = {}


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
    if not _FROM_FILE:
        return None
    if device not in _here:
        if is_compiling():  # asking a device for its name breaks the graph
            return None
        _here[device] = _FROM_FILE.get(device_name(device), {})
    choice = _here[device].get(shape_key(element_size, *shape, training))
    return choice if choice in _KNOWN else None


def keep_choices(device: str, choices: dict[str, str]) -> Path:
    """Adds measured choices to the file, for later processes and for this one.

    Args:
        device: ``'cpu'`` or ``'cuda'``.
        choices: Backends by :func:`shape_key`.

    Returns:
        The file.
    """
    everything = read_calibration()
    mine = everything.setdefault(device_name(device), {})
    mine.update(choices)
    _FROM_FILE[device_name(device)] = _here[device] = mine
    write_record(calibration_file(), everything)
    return calibration_file()
