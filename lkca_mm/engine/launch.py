"""From a config and command-line options to the config that a Runner runs.

All that an option changes is changed in the config, which mmengine writes into the work dir.
"""

import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from mmengine.config import Config, ConfigDict
from mmengine.dist import is_distributed

from lkca_mm.engine.checkpoint import newest_checkpoint, read_checkpoint
from lkca_mm.errors import CheckpointError, ConfigError

_LOGGERS = {'tensorboard': 'TensorboardVisBackend', 'wandb': 'CodelessWandbVisBackend'}


def set_work_dir(config: Config, work_dir: str | None) -> None:
    """Sets where logs and checkpoints go: as given, as the config says, or by its name."""
    path = Path(config.filename).absolute()
    # Each data set has a lkca-t_100e.py in its folder of configs/.
    below = f'{path.parent.name}/' if path.parent.parent.name == 'configs' else ''
    config.work_dir = work_dir or config.get('work_dir') or f'work_dirs/{below}{path.stem}'


def is_segmentation_config(config: Config) -> bool:
    """Returns whether a config is of a segmentor; the others are of classifiers."""
    return 'decode_head' in config.model


def add_hook(config: Config, **hook: Any) -> None:
    """Adds a hook to those of the config."""
    config.custom_hooks = [*(config.get('custom_hooks') or []), hook]


def log_to(config: Config, names: Sequence[str]) -> None:
    """Shows the logged values in ``'tensorboard'`` or ``'wandb'``, beside the work dir's log."""
    visualizer = config.get('visualizer') or {'type': 'Visualizer'}
    backends = list(visualizer.get('vis_backends') or [{'type': 'LocalVisBackend'}])
    for name in names:
        init = {'init_kwargs': {'name': Path(config.work_dir).name}} if name == 'wandb' else {}
        backends.append({'type': _LOGGERS[name], **init})
    if names:
        config.visualizer = {**visualizer, 'vis_backends': backends}


def enable_amp(config: Config) -> None:
    """Turns on mixed precision: bf16, or fp16 with loss scaling on a GPU without bf16."""
    if not torch.cuda.is_available() or _has_bf16():
        for key in ('loss_scale', 'dtype'):  # of a config that has AmpOptimWrapper
            config.optim_wrapper.pop(key, None)
        config.optim_wrapper.type = 'BFloat16OptimWrapper'
    else:
        config.optim_wrapper.type = 'AmpOptimWrapper'
        config.optim_wrapper.setdefault('loss_scale', 'dynamic')


def _has_bf16() -> bool:
    try:  # by default PyTorch counts emulation, which is slower than fp16
        return torch.cuda.is_bf16_supported(including_emulation=False)
    except TypeError:  # before PyTorch 2.4
        return torch.cuda.is_bf16_supported()


def add_tta(config: Config) -> None:
    """Turns on test-time augmentation as the config describes it."""
    for key in ('tta_model', 'tta_pipeline'):
        if not config.get(key):
            raise ConfigError(f'{config.filename}: --tta needs the key `{key}`')
    head = config.model.get('decode_head')
    if isinstance(head, dict) and head.get('out_channels') == 1:
        raise ConfigError('--tta: mmseg cannot average a head of one channel; use out_channels=2')
    config.test_dataloader.dataset.pipeline = config.tta_pipeline
    add_hook(config, type='PrepareTTAHook', tta_cfg=config.tta_model)


def save_predictions(config: Config, folder: Path) -> None:
    """Makes a test save its predictions in a folder: masks, or the scores of the classes."""
    if is_segmentation_config(config):
        add_hook(config, type='SaveMasksHook', out_dir=str(folder / 'masks'))
        return
    found = config.test_evaluator
    dump = {'type': 'DumpResults', 'out_file_path': str(folder / 'predictions.pkl')}
    config.test_evaluator = [*(found if isinstance(found, (list, tuple)) else [found]), dump]


def save_drawings(config: Config, folder: str) -> None:
    """Makes a test draw its predictions into a folder."""
    if is_segmentation_config(config):
        add_hook(config, type='SideBySideHook', out_dir=folder)
        return
    add_hook(config, type='ImageScoresHook', out_dir=folder)
    config.setdefault('visualizer', {'type': 'UniversalVisualizer'})


def resume_from(config: Config, path: str, trust: bool = False) -> dict[str, Any] | None:
    """Sets the checkpoint that training goes on from, and returns what it holds.

    Args:
        config: The config; its ``load_from`` and ``resume`` are set.
        path: A checkpoint, or ``'auto'`` for the newest whole one in the work dir; None is
            returned if there is none yet.
        trust: Whether to load one that can run code.

    Raises:
        CheckpointError: If it cannot be read or lacks the optimizer's state.
    """
    if path == 'auto':
        found = newest_checkpoint(config.work_dir, trust)
        if found is None:
            print(f'no checkpoint in {config.work_dir} yet: training starts from the beginning')
            return None
        path, checkpoint = found
    else:
        checkpoint = read_checkpoint(path, trust)
    if 'optimizer' not in checkpoint:
        raise CheckpointError(
            f'{path}: holds weights alone, so training cannot go on from it; '
            f'start a new run with --cfg-options load_from={path}'
        )
    config.load_from, config.resume = path, True
    return checkpoint


def set_randomness(
    config: Config, seed: int | None, deterministic: bool, checkpoint: dict[str, Any] | None
) -> None:
    """Sets the seed, and what makes a run repeatable (:mod:`lkca_mm.engine.seeds`).

    Args:
        config: The config.
        seed: The seed that the user gave.
        deterministic: Whether the user asked for the same result every time.
        checkpoint: What the run goes on from; its seed stays.

    Raises:
        ConfigError: If the run began with another seed, or its sampler cannot be numbered.
    """
    randomness = {'seed': None, **(config.get('randomness') or {})}
    begun_with = (checkpoint or {}).get('meta', {}).get('seed')
    if None not in (seed, begun_with) and seed != begun_with:
        raise ConfigError(
            f'--seed {seed}: the run of {config.load_from} began with {begun_with}; '
            'leave --seed out to go on with it'
        )
    for given in (seed, begun_with):
        randomness['seed'] = randomness['seed'] if given is None else given
    if deterministic or randomness.get('deterministic'):
        randomness.update(deterministic=True, seed=randomness['seed'] or 0)
        _number_samples(config, randomness['seed'])
        # Otherwise cuBLAS adds in an order of its own; read when CUDA starts.
        os.environ.setdefault('CUBLAS_WORKSPACE_CONFIG', ':4096:8')
    config.randomness = randomness


def _number_samples(config: Config, seed: int) -> None:
    loader = config.train_dataloader
    if loader.sampler.type == 'NumberedSampler':  # the config that such a run has written
        return
    by_iteration = config.train_cfg.get('type') == 'IterBasedTrainLoop'
    if by_iteration and loader.sampler.type != 'InfiniteSampler':
        raise ConfigError(
            '--deterministic with IterBasedTrainLoop needs a sampler without an end; '
            "set train_dataloader.sampler.type='InfiniteSampler'"
        )
    loader.sampler = {'type': 'NumberedSampler', 'sampler': loader.sampler}
    loader.dataset = {'type': 'SeededDataset', 'dataset': loader.dataset, 'seed': seed}
    add_hook(config, type='IterationSeedHook', every=True)


def set_launcher(config: Config, launcher: str) -> None:
    """Prepares a run of one or several processes, on GPUs or on the CPU.

    mmengine starts several processes on accelerators only; on a CPU the process group is
    started here, with gloo.

    Raises:
        ConfigError: If the run needs what this machine, or PyTorch, does not have.
    """
    config.launcher = launcher
    if torch.cuda.is_available():
        if config.get('randomness', {}).get('deterministic') and is_segmentation_config(config):
            raise ConfigError(
                '--deterministic: PyTorch has no deterministic CUDA version of what segmentation '
                'needs (adaptive pooling, 2D cross-entropy, histc); leave it out, or train on '
                'the CPU with CUDA_VISIBLE_DEVICES=""'
            )
        return
    for key in ('train_dataloader', 'val_dataloader', 'test_dataloader'):
        if config.get(key):
            config[key].pin_memory = False  # PyTorch warns of it without a GPU
    if launcher == 'none':
        return
    if launcher != 'pytorch':
        raise ConfigError(f'--launcher {launcher} needs GPUs; use --launcher pytorch on a CPU')
    if not is_distributed():
        torch.distributed.init_process_group('gloo')
    _use_plain_batch_norm(config.model)
    config.model_wrapper_cfg = ConfigDict(
        type='MMDistributedDataParallel',
        device_ids=None,
        broadcast_buffers=False,
        find_unused_parameters=config.get('find_unused_parameters', False),
    )


def _use_plain_batch_norm(settings: Any) -> None:
    """Replaces SyncBN, which exists on GPUs only; in a single process mmengine does so."""
    if isinstance(settings, dict):
        if settings.get('type') == 'SyncBN':
            settings['type'] = 'BN'
        settings = list(settings.values())
    if isinstance(settings, (list, tuple)):
        for value in settings:
            _use_plain_batch_norm(value)


def leave_together() -> None:
    """Ends the process group once all processes are done, as others may still read from it."""
    if is_distributed():
        torch.distributed.barrier()
        # A thread of gloo's needs the interpreter once more to release its last tensors.
        time.sleep(0.5)
        torch.distributed.destroy_process_group()
