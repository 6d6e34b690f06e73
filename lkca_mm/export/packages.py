"""What an export needs beside PyTorch: named, with the line to type, where it is missing."""

from importlib import import_module
from types import ModuleType

from lkca_mm.errors import InstallationError

INSTALL_COMMAND = "pip install -e '.[export]'"


def need(name: str) -> ModuleType:
    """Imports an optional package, such as ``'onnxruntime.quantization'``.

    Raises:
        InstallationError: If it is not installed, or itself lacks a package.
    """
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        raise InstallationError(
            f'{name} is needed for this export, but there is no module {error.name}; '
            f'type: {INSTALL_COMMAND}'
        ) from error
