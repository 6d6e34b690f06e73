"""From a config file and command-line arguments to a config that a Runner can run."""

import argparse
import os
import time
import traceback
from pathlib import Path
from typing import Any

from lkca_mm.command import shorten

import torch
from mmengine.config import Config, ConfigDict
from mmengine.dist import is_distributed

from lkca_mm.datasets import check_data  # noqa: F401
from lkca_mm.engine.config_bases import check_bases
from lkca_mm.engine.config_shape import check_shape
from lkca_mm.engine.options import add_settings_argument
from lkca_mm.errors import ConfigError, LKCAError, shown
from lkca_mm.shipped import find_config

_LAST_TENSORS_SECONDS = 0.5


def add_run_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds what training and scoring have in common."""
    parser.add_argument('--work-dir', help='where logs and checkpoints go')
    add_settings_argument(parser)
    parser.add_argument('--launcher', choices=['none', 'pytorch', 'slurm', 'mpi'], default='none')
    # torchrun's predecessor passes this; mmengine reads it from the environment.
    parser.add_argument('--local_rank', '--local-rank', type=int, default=0, help=argparse.SUPPRESS)


def add_trust_argument(parser: argparse.ArgumentParser) -> None:
    """Adds the way out for a checkpoint that is refused because it holds more than data."""
    parser.add_argument(
        '--trust-checkpoint',
        action='store_true',
        help='load a checkpoint even if that runs code of it; only if you know where it is from',
    )


def load_run_config(args: argparse.Namespace) -> Config:
    """Reads the config that :func:`add_run_arguments` and ``args.config`` describe.

    Raises:
        ConfigError: If the file is missing or cannot be understood, or the work dir's name is
            no text.
    """
    os.environ.setdefault('LOCAL_RANK', str(args.local_rank))
    args.config = find_config(args.config)
    config = load_config(args.config, args.cfg_options)
    if args.work_dir is not None:
        config.work_dir = args.work_dir
    elif config.get('work_dir') is None:
        config.work_dir = str(Path('work_dirs') / Path(args.config).stem)
    try:
        config.work_dir.encode()  # the log names it
    except UnicodeEncodeError as error:
        raise ConfigError(
            f'work_dir {shown(config.work_dir)}: is no UTF-8; name another folder'
        ) from error
    return config


def load_config(path: str, options: dict[str, Any] | None = None) -> Config:
    """Reads a config file.

    Args:
        path: The file, or ``lkca_mm::NAME`` of one that came with the package.
        options: Values that replace the file's, keyed by dotted names.

    Raises:
        ConfigError: If the file is missing or cannot be understood.
    """
    path = find_config(path)
    if not Path(path).is_file():
        raise ConfigError(f'{shown(path)}: there is no such config file')
    try:
        check_bases(Path(path))
        config = Config.fromfile(path)
        if options:
            config.merge_from_dict(options)
        if 'model' not in config:
            raise ConfigError(f'{path}: has no key `model`, so there is nothing to build')
        check_shape(config)
    except LKCAError:
        raise
    except Exception as error:
        calls = [call.name for call in traceback.extract_tb(error.__traceback__)]
        importing = 'import_modules_from_strings' in f'{calls} {error}'
        where = 'custom_imports: ' if importing or 'custom modules' in str(error) else ''
        lines = str(error).strip().splitlines() or ['']
        raise ConfigError(f'{path}: {where}{type(error).__name__}: {shorten(lines[0])}') from error
    return config


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


def is_first_process(launcher: str) -> bool:
    """Tells the first of several processes from the others, before they know each other.

    Args:
        launcher: ``'none'``, ``'pytorch'``, ``'slurm'`` or ``'mpi'``.
    """
    variable = {'pytorch': 'RANK', 'slurm': 'SLURM_PROCID', 'mpi': 'OMPI_COMM_WORLD_RANK'}
    return launcher == 'none' or os.environ.get(variable[launcher], '0') == '0'


def leave_together() -> None:
    """Ends the process group once all processes are done.

    A process that leaves early closes connections that the others may still
    be reading from.
    """
    if is_distributed():
        torch.distributed.barrier()
        # A thread of gloo's lets go of the last tensors, for which it needs the interpreter
        # once more; if that is ending by then, the process is aborted. The group, and so the
        # thread, outlives its destruction where an FSDP model still holds it.
        time.sleep(_LAST_TENSORS_SECONDS)
        torch.distributed.destroy_process_group()
