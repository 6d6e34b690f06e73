"""What a measurement must say about itself to be worth keeping."""

import contextlib
import json
import os
import platform
import subprocess
from pathlib import Path
from typing import Any

import torch

from lkca_mm.errors import ConfigError, shown
from lkca_mm.version import __version__


def _commit() -> str | None:
    """Returns the commit of the checkout, with ``+`` if it is changed; None outside one."""
    here = Path(__file__).parent
    command = ['git', '-C', str(here), 'describe', '--always', '--abbrev=12', '--dirty=+']
    try:
        found = subprocess.run(command, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return found.stdout.strip()


def cpu_name() -> str:
    """Returns the processor's name and vector instructions, as a record needs them."""
    name = platform.processor() or platform.machine()
    with contextlib.suppress(OSError):
        lines = Path('/proc/cpuinfo').read_text(encoding='utf-8').splitlines()
        name = next((line.split(':')[1].strip() for line in lines if 'model name' in line), name)
    return f'{name}, {torch.backends.cpu.get_cpu_capability()}'


def environment(device: str = 'cpu') -> dict[str, Any]:
    """Returns versions and hardware of this process, and what steers its threads."""
    name = cpu_name() if device == 'cpu' else torch.cuda.get_device_name(device)
    return {
        'lkca_mm': __version__,
        'commit': _commit(),
        'python': platform.python_version(),
        'torch': torch.__version__,
        'device': device,
        'hardware': name,
        'threads': torch.get_num_threads(),
        **{name: value for name, value in sorted(os.environ.items()) if name.startswith('OMP_')},
    }


def check_replaceable(option: str, path: str | Path, key: str) -> None:
    """Looks, before anything is measured, at the file that the figures would replace.

    Args:
        option: The option that names the file.
        path: The file; it need not exist.
        key: What figures of the tool have at the top.

    Raises:
        ConfigError: If it holds something else than figures of the tool.
    """
    if not Path(path).exists():
        return
    try:
        figures = json.loads(Path(path).read_text(encoding='utf-8'))
    except (OSError, ValueError):
        figures = None
    if not isinstance(figures, dict) or key not in figures:
        raise ConfigError(
            f'{option} {shown(path)}: exists and holds no figures of this tool; name another'
        )


def write_record(path: str | Path, record: dict[str, Any]) -> None:
    """Writes ``record`` as JSON, whole or not at all."""
    write_text(path, json.dumps(record, indent=2) + '\n')


def write_text(path: str | Path, text: str) -> None:
    """Writes a file, whole or not at all; its folder is made."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + '.part')
    part.write_text(text, encoding='utf-8')
    part.replace(path)
