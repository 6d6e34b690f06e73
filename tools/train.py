"""Trains a segmentation or classification config."""

import argparse
import os
import shlex
import sys
from pathlib import Path
from typing import Any

from lkca_mm.command import run_command

from mmengine.config import Config
from mmengine.dist import is_main_process

from lkca_mm.datasets.skipping import count_notes
from lkca_mm.engine import (
    ResultRecordHook,
    ShardedTrainingRunner,
    TrainingInterrupted,
    TrainingRunner,
)
from lkca_mm.engine.checkpoint import fit_weights, read_checkpoint
from lkca_mm.engine.checkpoint_loading import guard_loading
from lkca_mm.engine.durable import remove_parts
from lkca_mm.engine.durable_training import NOTES
from lkca_mm.engine.failures import name_failure
from lkca_mm.engine.loggers import add_logger_argument, log_to
from lkca_mm.engine.newest_checkpoint import newest_checkpoint
from lkca_mm.engine.record_hook import check_record_path
from lkca_mm.engine.run_config import (
    add_hook,
    add_run_arguments,
    add_trust_argument,
    check_data,
    enable_amp,
    is_first_process,
    leave_together,
    load_run_config,
    set_launcher,
)
from lkca_mm.engine.work_dir_lock import WorkDirLock
from lkca_mm.errors import CheckpointError, ConfigError


def build_parser() -> argparse.ArgumentParser:
    """Returns the tool's arguments."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('config', metavar='CONFIG')
    parser.add_argument(
        '--resume',
        nargs='?',
        const='auto',
        metavar='auto|PATH',
        help="continue from a checkpoint, by default the work dir's newest",
    )
    parser.add_argument('--amp', action='store_true', help='mixed precision')
    parser.add_argument(
        '--compile', action='store_true', help='torch.compile the backbone; CUDA graphs on a GPU'
    )
    parser.add_argument('--seed', type=int, help="replaces the config's seed")
    parser.add_argument(
        '--deterministic',
        action='store_true',
        help='the same result every time, also of a run that was ended and resumed',
    )
    parser.add_argument(
        '--record', metavar='FILE', help='write what is measured to a JSON file, as results/ holds'
    )
    add_logger_argument(parser)
    add_run_arguments(parser)
    add_trust_argument(parser)
    return parser


def resume_from(config: Config, path: str, trust: bool = False) -> dict[str, Any] | None:
    """Sets the checkpoint that training continues from.

    Args:
        config: The config; its ``load_from`` and ``resume`` are set.
        path: A checkpoint, or ``'auto'`` for the newest whole one in the work dir.
        trust: Whether to load one that can run code.

    Returns:
        The checkpoint; None if the work dir has none yet.

    Raises:
        CheckpointError: If it cannot be read or lacks the optimiser's state.
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
            f'{path}: holds weights alone, so training cannot continue from it; '
            f'start a new run with --cfg-options load_from={path}'
        )
    config.load_from, config.resume = path, True
    return checkpoint


def set_randomness(
    config: Config, seed: int | None, deterministic: bool, checkpoint: dict[str, Any] | None
) -> None:
    """Sets the seed, which a run keeps when it goes on.

    Args:
        config: The config; its ``randomness`` is set.
        seed: The seed that the user gave.
        deterministic: Whether the user asked for the same result every time.
        checkpoint: What the run goes on from.

    Raises:
        ConfigError: If the user gave another seed than the run began with.
    """
    randomness = {'seed': None, **(config.get('randomness') or {})}
    begun_with = ((checkpoint or {}).get('meta') or {}).get('seed')
    if seed is not None and begun_with not in (None, seed):
        raise ConfigError(
            f'--seed {seed}: the run that {config.load_from} is of began with {begun_with}; '
            'leave --seed out to go on with it'
        )
    for given in (seed, begun_with):
        if given is not None:
            randomness['seed'] = given
    if deterministic:
        randomness['deterministic'] = True
        # Without it cuBLAS adds in an order of its own; read when CUDA starts.
        os.environ.setdefault('CUBLAS_WORKSPACE_CONFIG', ':4096:8')
    config.randomness = randomness


def resume_command(args: argparse.Namespace, work_dir: str, processes: int) -> str:
    """Returns what to type to go on with a run; its seed is in the checkpoint.

    Args:
        args: What the run was started with.
        work_dir: Where its checkpoints are.
        processes: How many it ran as.
    """
    words = ['python', 'tools/train.py', args.config]
    if args.launcher == 'pytorch':
        words = ['tools/dist_train.sh', args.config, str(processes)]
    words += ['--work-dir', work_dir]
    words += ['--record', args.record] if args.record else []
    words += [f'--{name}' for name in ('amp', 'compile', 'deterministic') if getattr(args, name)]
    words += ['--log-to', *args.log_to] if args.log_to else []
    words += ['--cfg-options', *args.cfg_options_words] if args.cfg_options else []
    return shlex.join([*words, '--resume'])


def train(runner: TrainingRunner, args: argparse.Namespace, work_dir: str) -> int:
    """Trains to the end or to Ctrl-C; returns the exit code.

    Raises:
        LKCAError: If training ends in a way that can be named.
    """
    try:
        runner.train()
    except TrainingInterrupted as interruption:
        resume = resume_command(args, work_dir, runner.world_size)
        print(f'interrupted; saved {interruption.checkpoint}; to go on: {resume}', file=sys.stderr)
        return 130
    except Exception as error:
        named = name_failure(error, runner)
        if named is None:
            raise
        raise named from error
    if is_main_process():
        skipped = count_notes(Path(work_dir) / NOTES)
        if skipped:
            print(f'left out {skipped} samples, which {Path(work_dir) / NOTES} names')
        losses = runner.message_hub.get_info('skipped_losses', 0)
        if losses:
            print(f'left out {losses} iterations whose loss was not finite')
        print(f'trained; checkpoints and log are in {work_dir}')
    leave_together()
    return 0


def main(args: argparse.Namespace) -> int:
    """Trains; returns the exit code."""
    config = load_run_config(args)
    check_data(config, ('train_dataloader', 'val_dataloader'))
    if args.amp:
        enable_amp(config)
    if args.compile:
        add_hook(config, {'type': 'CompileHook'})
    log_to(config, args.log_to)
    trust = args.trust_checkpoint
    checkpoint = resume_from(config, args.resume, trust) if args.resume else None
    set_randomness(config, args.seed, args.deterministic, checkpoint)
    if args.record:
        check_record_path(args.record, args.config, resumed=checkpoint is not None)
    lock = WorkDirLock(config.work_dir)
    if is_first_process(args.launcher):
        lock.acquire()
        remove_parts(config.work_dir)
    try:
        set_launcher(config, args.launcher)
        guard_loading(trust)
        shared = config.get('strategy') is not None
        runner = (ShardedTrainingRunner if shared else TrainingRunner).from_cfg(config)
        if args.record:
            command = shlex.join(['python', *sys.argv])
            hook = ResultRecordHook(args.record, args.config, command, args.cfg_options)
            runner.register_hook(hook)
        if checkpoint is not None:
            fit_weights(runner.model, checkpoint, config.load_from)
            del checkpoint  # as large as the model and its optimiser: not for the whole run
        return train(runner, args, config.work_dir)
    finally:
        lock.release()


if __name__ == '__main__':
    sys.exit(run_command(build_parser(), main))
