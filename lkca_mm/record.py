"""Records: what a measurement says about itself, as one compact JSON file, and their reader.

Every record has ``command`` and ``environment``. A training run (``tools/train.py --record``)
adds what :class:`Run` lists; a benchmark adds ``results``.
"""

import contextlib
import json
import platform
import re
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from lkca_mm.errors import DataError
from lkca_mm.files import write_text
from lkca_mm.version import __version__

TOP1 = 'accuracy/top1'

# `_100e` and `_20k` say how long a config trains, `_demo` and `_smoke` that it is a small one.
_SCHEDULE = re.compile(r'\d+[ek]|demo|smoke')
# Options that change how a run computes and what it keeps, but not what it learns. The batch
# size is one process's; the schedule has that of all processes.
_WITHOUT_EFFECT = re.compile(
    r'default_hooks\.|env_cfg\.|log_|visualizer|vis_backends|work_dir|train_cfg\.val_interval$'
    r'|\w+_dataloader\.(batch_size|num_workers|persistent_workers|pin_memory|prefetch_factor)$'
)
_NO_SCORES = ('epoch', 'iteration', 'train_loss')


def names_of(config: str | Path) -> tuple[str, str]:
    """Returns the data set and the model that a config's path names.

    ``configs/cifar10/lkca-t_100e.py`` names cifar10 and lkca-t. A config that lies in
    ``configs`` itself names its data set last: ``configs/upernet_lkca-s_ade20k_20k.py``.
    """
    config = Path(config)
    parts = [part for part in config.stem.split('_') if not _SCHEDULE.fullmatch(part)]
    parts = parts or [config.stem]
    folder = config.absolute().parent.name
    if folder == 'configs' and len(parts) > 1:
        return parts[-1], '_'.join(parts[:-1])
    return folder, '_'.join(parts)


def _commit() -> str | None:
    """Returns the commit of the checkout, with ``+`` if it is changed; None outside one."""
    command = ['git', 'describe', '--always', '--abbrev=12', '--dirty=+']
    with contextlib.suppress(OSError):
        found = subprocess.run(command, cwd=Path(__file__).parent, capture_output=True, text=True)
        return found.stdout.strip() or None
    return None


def environment(device: str = 'cpu') -> dict[str, Any]:
    """Returns versions, hardware and number of threads of this process on a device."""
    import torch

    versions = {}
    for name in ('mmengine', 'mmcv', 'mmpretrain', 'mmsegmentation', 'torchvision'):
        for package in (f'onedl-{name}', name):
            with contextlib.suppress(PackageNotFoundError):
                versions.setdefault(name.replace('segmentation', 'seg'), version(package))

    if device == 'cpu':
        hardware = platform.processor() or platform.machine()
        with contextlib.suppress(OSError):
            lines = Path('/proc/cpuinfo').read_text(encoding='utf-8').splitlines()
            names = (line.split(':')[1].strip() for line in lines if 'model name' in line)
            hardware = next(names, hardware)
        hardware += f', {torch.backends.cpu.get_cpu_capability()}'
    else:
        hardware = torch.cuda.get_device_name(device) if torch.cuda.is_available() else device
    return {
        'lkca_mm': __version__,
        'commit': _commit(),
        'python': platform.python_version(),
        'torch': torch.__version__,
        'device': device,
        'hardware': hardware,
        'threads': torch.get_num_threads(),
        **versions,
    }


def plain(value: Any) -> Any:
    """Returns ``value`` as JSON can hold it: None for non-finite numbers, text for objects."""
    if hasattr(value, 'tolist'):  # a tensor, an array or a NumPy scalar
        value = value.tolist()
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, float) and not abs(value) < float('inf'):
        return None
    return value if isinstance(value, (str, int, float, bool, type(None))) else str(value)


def write_record(path: str | Path, record: dict[str, Any]) -> None:
    """Writes a record whole or not at all.

    Each key has a line, and so has each entry of a list of dicts, such as a curve.
    """
    lines = []
    for key, value in record.items():
        text = json.dumps(value)
        if isinstance(value, list) and value and all(isinstance(item, dict) for item in value):
            text = '[\n' + ',\n'.join(f'    {json.dumps(item)}' for item in value) + '\n  ]'
        lines.append(f'  {json.dumps(key)}: {text}')
    write_text(path, '{\n' + ',\n'.join(lines) + '\n}\n')


def read_record(path: str | Path) -> dict[str, Any]:
    """Reads a record.

    Raises:
        DataError: If there is no such file, or it is not a JSON object.
    """
    try:
        record = json.loads(Path(path).read_text(encoding='utf-8'))
    except (OSError, ValueError) as error:
        raise DataError(f'{path}: cannot be read as JSON ({error})') from error
    if not isinstance(record, dict):
        raise DataError(f'{path}: is not a record')
    return record


def scores_of(entry: dict[str, Any]) -> dict[str, float | None]:
    """Returns what the validation of a curve's entry measured."""
    return {name: value for name, value in entry.items() if name not in _NO_SCORES}


class Run(dict[str, Any]):
    """A training run, as ``tools/train.py --record`` writes it.

    Among its keys: ``settings``, options by which it differs from its config; ``curve``, a dict a
    validation with epoch, iteration, mean training loss since the last one, and scores;
    ``sessions``, one for each start or resume; ``class_iou``, a segmentor's IoU of each class in
    the last validation; ``test``, its ``scores`` on the test set, where that was scored too.
    """

    @property
    def experiment(self) -> str:
        """The config without folder and suffix: ``'cifar10/lkca-t_5e'``."""
        path = Path(self['config'])
        return path.stem if path.parent.name == 'configs' else f'{path.parent.name}/{path.stem}'

    @property
    def telling(self) -> dict[str, Any]:
        """The options that may change what is learned."""
        settings = sorted(self['settings'].items())
        return {name: value for name, value in settings if not _WITHOUT_EFFECT.match(name)}

    @property
    def recipe(self) -> str:
        """How the run was trained; the same for models that can be compared."""
        return json.dumps([self['schedule'], self.telling], sort_keys=True)

    @property
    def label(self) -> str:
        """The schedule in short, ``'100e x3'``, and the options that it does not show."""
        schedule = self['schedule']
        if schedule['max_epochs'] is None:
            label = f'{schedule["total_iterations"]:,} iterations of {schedule["batch_size"]}'
        else:
            label = f'{schedule["max_epochs"]}e x{schedule["passes_per_epoch"]}'
            label += '' if schedule['batch_size'] == 128 else f', batch {schedule["batch_size"]}'
        shown = ('train_cfg.', 'param_scheduler')
        options = (f', {n}={v}' for n, v in self.telling.items() if not n.startswith(shown))
        return label + ''.join(options)


def load_runs(folder: str | Path) -> list[Run]:
    """Reads every training run below a folder; other JSON files are skipped."""
    records = (read_record(path) for path in sorted(Path(folder).rglob('*.json')))
    return [Run(record) for record in records if 'curve' in record]


def group_seeds(runs: list[Run]) -> list[list[Run]]:
    """Groups the finished runs that differ in nothing but their seed, ordered by seed."""
    groups: dict[tuple[str, ...], list[Run]] = {}
    for run in runs:
        if run['finished']:
            groups.setdefault((run.experiment, run.recipe), []).append(run)
    return [sorted(group, key=lambda run: run['seed']) for group in groups.values()]
