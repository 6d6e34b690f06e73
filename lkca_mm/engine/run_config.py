"""From a config file and command-line arguments to a config that a Runner can run."""

import argparse
import os
from pathlib import Path
from typing import Any

import torch
from mmengine.config import Config, ConfigDict, DictAction
from mmengine.dist import is_distributed

from lkca_mm.datasets.files import check_classification_files
from lkca_mm.datasets.folders import check_segmentation_folders
from lkca_mm.errors import ConfigError


def add_run_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds what training and scoring have in common."""
    parser.add_argument('--work-dir', help='where logs and checkpoints go')
    parser.add_argument(
        '--cfg-options', nargs='+', action=DictAction, metavar='KEY=VALUE', help='replace settings'
    )
    parser.add_argument('--launcher', choices=['none', 'pytorch', 'slurm', 'mpi'], default='none')
    # torchrun's predecessor passes this; mmengine reads it from the environment.
    parser.add_argument('--local_rank', '--local-rank', type=int, default=0, help=argparse.SUPPRESS)


def load_run_config(args: argparse.Namespace) -> Config:
    """Reads the config that :func:`add_run_arguments` and ``args.config`` describe.

    Raises:
        ConfigError: If the file is missing or cannot be understood.
    """
    os.environ.setdefault('LOCAL_RANK', str(args.local_rank))
    config = load_config(args.config, args.cfg_options)
    if args.work_dir is not None:
        config.work_dir = args.work_dir
    elif config.get('work_dir') is None:
        config.work_dir = str(Path('work_dirs') / Path(args.config).stem)
    return config


def load_config(path: str, options: dict[str, Any] | None = None) -> Config:
    """Reads a config file.

    Args:
        path: The file.
        options: Values that replace the file's, keyed by dotted names.

    Raises:
        ConfigError: If the file is missing or cannot be understood.
    """
    if not Path(path).is_file():
        raise ConfigError(f'{path}: there is no such config file')
    try:
        config = Config.fromfile(path)
        if options:
            config.merge_from_dict(options)
    except Exception as error:
        lines = str(error).strip().splitlines() or ['']
        raise ConfigError(f'{path}: {type(error).__name__}: {lines[0]}') from error
    if 'model' not in config:
        raise ConfigError(f'{path}: has no key `model`, so there is nothing to build')
    return config


def check_data(config: Config, loaders: tuple[str, ...]) -> None:
    """Looks for the data before a run begins and leaves anything behind.

    Args:
        config: The config.
        loaders: Keys of the data loaders that the run will use.

    Raises:
        DataError: If a file or folder is missing, or images and masks do not pair up.
    """
    for loader in loaders:
        if config.get(loader):
            check_segmentation_folders(config[loader].dataset)
            check_classification_files(config[loader].dataset)


def add_hook(config: Config, hook: dict[str, Any]) -> None:
    """Adds a hook to those of the config."""
    config.custom_hooks = [*(config.get('custom_hooks') or []), hook]


def enable_amp(config: Config) -> None:
    """Turns on mixed precision: fp16 with loss scaling on CUDA, bf16 elsewhere."""
    if torch.cuda.is_available():
        config.optim_wrapper.type = 'AmpOptimWrapper'
        config.optim_wrapper.setdefault('loss_scale', 'dynamic')
    else:
        config.optim_wrapper.type = 'BFloat16OptimWrapper'


def _plain_batch_norm(settings: Any) -> None:
    """Replaces SyncBN, which exists on GPUs alone, in a nest of settings."""
    if isinstance(settings, dict):
        if settings.get('type') == 'SyncBN':
            settings['type'] = 'BN'
        for value in settings.values():
            _plain_batch_norm(value)
    elif isinstance(settings, (list, tuple)):
        for value in settings:
            _plain_batch_norm(value)


def _unpin_memory(config: Config) -> None:
    """Turns off what only helps copies to a GPU, and what PyTorch warns of without one."""
    for key in ('train_dataloader', 'val_dataloader', 'test_dataloader'):
        if config.get(key):
            config[key].pin_memory = False


def set_launcher(config: Config, launcher: str) -> None:
    """Prepares a run of one or several processes, on GPUs or on the CPU.

    mmengine starts several processes on accelerators only; on a CPU the
    process group is started here, with gloo. (On a single process mmengine
    itself replaces SyncBN by BN.)

    Args:
        config: The config.
        launcher: ``'none'``, ``'pytorch'``, ``'slurm'`` or ``'mpi'``.

    Raises:
        ConfigError: If another launcher than ``'pytorch'`` is to run on a CPU.
    """
    config.launcher = launcher
    if torch.cuda.is_available():
        return
    _unpin_memory(config)
    if launcher == 'none':
        return
    if launcher != 'pytorch':
        raise ConfigError(f'--launcher {launcher} needs GPUs; use --launcher pytorch on a CPU')
    if not is_distributed():
        torch.distributed.init_process_group('gloo')
    _plain_batch_norm(config.model)
    config.model_wrapper_cfg = ConfigDict(
        type='MMDistributedDataParallel', device_ids=None, broadcast_buffers=False
    )


def leave_together() -> None:
    """Ends the process group once all processes are done.

    A process that leaves early closes connections that the others may still
    be reading from.
    """
    if is_distributed():
        torch.distributed.barrier()
        torch.distributed.destroy_process_group()
