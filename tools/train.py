"""Trains a segmentation or classification config."""

import argparse
import shlex
import sys
from pathlib import Path
from typing import Any

from lkca_mm.command import run_command

from mmengine.config import Config
from mmengine.dist import is_main_process
from mmengine.runner import Runner, find_latest_checkpoint

from lkca_mm.engine import ResultRecordHook, TrainingInterrupted
from lkca_mm.engine.checkpoint import fit_weights, read_checkpoint
from lkca_mm.engine.result_record_hook import check_record_path
from lkca_mm.engine.run_config import (
    add_hook,
    add_run_arguments,
    check_data,
    enable_amp,
    leave_together,
    load_run_config,
    set_launcher,
)
from lkca_mm.errors import CheckpointError


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
    parser.add_argument('--deterministic', action='store_true', help='the same result every time')
    parser.add_argument(
        '--record', metavar='FILE', help='write what is measured to a JSON file, as results/ holds'
    )
    add_run_arguments(parser)
    return parser


def resume_from(config: Config, path: str) -> dict[str, Any] | None:
    """Sets the checkpoint that training continues from.

    Args:
        config: The config; its ``load_from`` and ``resume`` are set.
        path: A checkpoint, or ``'auto'`` for the newest in the work dir.

    Returns:
        The checkpoint; None if the work dir has none yet.

    Raises:
        CheckpointError: If it cannot be read or lacks the optimiser's state.
    """
    if path == 'auto':
        newest = find_latest_checkpoint(config.work_dir) if Path(config.work_dir).is_dir() else None
        if newest is None:
            print(f'no checkpoint in {config.work_dir} yet: training starts from the beginning')
            return None
        path = newest
    checkpoint = read_checkpoint(path)
    if 'optimizer' not in checkpoint:
        raise CheckpointError(
            f'{path}: holds weights alone, so training cannot continue from it; '
            f'start a new run with --cfg-options load_from={path}'
        )
    config.load_from, config.resume = path, True
    return checkpoint


def main(args: argparse.Namespace) -> int:
    """Trains; returns the exit code."""
    config = load_run_config(args)
    check_data(config, ('train_dataloader', 'val_dataloader'))
    if args.amp:
        enable_amp(config)
    if args.compile:
        add_hook(config, {'type': 'CompileHook'})
    randomness = {'seed': None, **(config.get('randomness') or {})}
    if args.seed is not None:
        randomness['seed'] = args.seed
    if args.deterministic:
        randomness['deterministic'] = True
    config.randomness = randomness
    checkpoint = resume_from(config, args.resume) if args.resume else None
    if args.record:
        check_record_path(args.record, args.config, resumed=checkpoint is not None)
    set_launcher(config, args.launcher)

    runner = Runner.from_cfg(config)
    if args.record:
        command = shlex.join(['python', *sys.argv])
        hook = ResultRecordHook(args.record, args.config, command, args.cfg_options)
        runner.register_hook(hook)
    if checkpoint is not None:
        fit_weights(runner.model, checkpoint, config.load_from)
        del checkpoint  # as large as the model and its optimiser: not for the whole run
    try:
        runner.train()
    except TrainingInterrupted as interruption:
        start = ['python', 'tools/train.py', args.config]
        if args.launcher == 'pytorch':
            start = ['tools/dist_train.sh', args.config, str(runner.world_size)]
        record = ['--record', args.record] if args.record else []
        resume = shlex.join([*start, '--work-dir', config.work_dir, *record, '--resume'])
        print(f'interrupted; saved {interruption.checkpoint}; to go on: {resume}', file=sys.stderr)
        return 130
    if is_main_process():
        print(f'trained; checkpoints and log are in {config.work_dir}')
    leave_together()
    return 0


if __name__ == '__main__':
    sys.exit(run_command(build_parser(), main))
