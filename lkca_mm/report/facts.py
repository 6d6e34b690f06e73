"""What a training run is: its names, its schedule, its software."""

import re
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import torch
from mmengine.model import is_model_wrapper
from mmengine.runner import IterBasedTrainLoop, Runner
from torch import nn

from lkca_mm.record import environment

# `_100e` and `_20k` say how long a config trains, `_demo` and `_smoke` that it is a small one.
_SCHEDULE = re.compile(r'\d+[ek]|demo|smoke')


def names_of(config: str | Path) -> tuple[str, str]:
    """Returns the data set and the model that a config's path names.

    ``configs/cifar10/lkca-t_100e.py`` names cifar10 and lkca-t. A config that
    lies in ``configs`` itself names its data set last:
    ``configs/upernet_lkca-s_ade20k_20k.py``.

    Args:
        config: The path of the config.
    """
    config = Path(config)
    parts = [part for part in config.stem.split('_') if not _SCHEDULE.fullmatch(part)]
    parts = parts or [config.stem]
    folder = config.absolute().parent.name
    if folder == 'configs' and len(parts) > 1:
        return parts[-1], '_'.join(parts[:-1])
    return folder, '_'.join(parts)


def by_iteration(runner: Runner) -> bool:
    """Tells a loop that counts in iterations from one that counts in epochs."""
    return isinstance(runner.train_loop, IterBasedTrainLoop)


def schedule_of(runner: Runner) -> dict[str, Any]:
    """Returns how long and with which optimiser ``runner`` trains."""
    loop, loader = runner.train_loop, runner.train_dataloader
    # A custom batch sampler leaves the loader without a size of its own.
    one_process = loader.batch_size or getattr(loader.batch_sampler, 'batch_size', None)
    batch_size = one_process and one_process * runner.world_size
    epochs = None if by_iteration(runner) else loop.max_epochs
    optimizer = runner.optim_wrapper.optimizer
    rate = optimizer.defaults.get('lr')
    scaling = runner.auto_scale_lr or {}
    if rate is not None and scaling.get('enable'):
        rate *= batch_size / scaling['base_batch_size']
    return {
        'max_epochs': epochs,
        'passes_per_epoch': getattr(loop, 'passes_per_epoch', 1),
        'batch_size': batch_size,
        'iterations_per_epoch': None if epochs is None else len(loop.dataloader),
        'total_iterations': loop.max_iters,
        'optimizer': type(optimizer).__name__,
        'base_lr': rate,
        'weight_decay': optimizer.defaults.get('weight_decay'),
        'optim_wrapper': type(runner.optim_wrapper).__name__,
    }


def _versions() -> dict[str, str]:
    """Returns the versions of OpenMMLab and torchvision, whoever publishes them."""
    found = {}
    for name in ('mmengine', 'mmcv', 'mmpretrain', 'mmsegmentation', 'torchvision'):
        for package in (f'onedl-{name}', name):
            try:
                found[name.replace('segmentation', 'seg')] = version(package)
                break
            except PackageNotFoundError:
                continue
    return found


def run_environment(model: nn.Module) -> dict[str, Any]:
    """Returns versions and hardware of the process that trains ``model``."""
    device = next(model.parameters()).device.type
    return environment(device) | _versions()


def learnable_parameters(model: nn.Module) -> int:
    """Returns the number of parameters of ``model`` that training changes."""
    model = model.module if is_model_wrapper(model) else model
    return sum(weight.numel() for weight in model.parameters() if weight.requires_grad)


def plain(value: Any) -> Any:
    """Returns ``value`` as JSON can hold it: None for NaN, text for what it lacks."""
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, torch.Tensor) or hasattr(value, 'item'):
        value = value.item()
    if isinstance(value, float) and not abs(value) < float('inf'):
        return None
    return value if isinstance(value, (str, int, float, bool, type(None))) else str(value)
