"""Trains a segmentation or classification config."""

import argparse
import os
import shlex
import sys
from pathlib import Path


def build_parser() -> argparse.ArgumentParser:
    """Returns the tool's arguments."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('config', metavar='CONFIG')
    parser.add_argument('--work-dir', help='where logs and checkpoints go')
    parser.add_argument(
        '--resume',
        nargs='?',
        const='auto',
        metavar='auto|PATH',
        help="go on from a checkpoint, by default the work dir's newest",
    )
    parser.add_argument('--amp', action='store_true', help='mixed precision')
    parser.add_argument(
        '--compile',
        action='store_true',
        help='torch.compile the backbone for training, with CUDA graphs on a GPU; evaluation stays '
        'eager; on a CPU 1.0 to 1.2 times as fast, after tens of seconds of compiling',
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
    parser.add_argument(
        '--log-to',
        nargs='+',
        choices=['tensorboard', 'wandb'],
        default=[],
        help='show the logged values there too',
    )
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        action='extend',
        default=[],
        metavar='KEY=VALUE',
        help='replace settings',
    )
    parser.add_argument('--launcher', choices=['none', 'pytorch', 'slurm', 'mpi'], default='none')
    parser.add_argument(
        '--trust-checkpoint',
        action='store_true',
        help='load a checkpoint even if that runs code of it; only if you know where it is from',
    )
    parser.add_argument('--debug', action='store_true', help='show the traceback of an error')
    return parser


def resume_command(args: argparse.Namespace, work_dir: str) -> str:
    """Returns what to type to go on with a run; its seed is in the checkpoint.

    Args:
        args: What the run was started with.
        work_dir: Where its checkpoints are.
    """
    tool = Path(sys.argv[0])  # as it was called, perhaps from another folder
    words = ['python', str(tool), args.config]
    if args.launcher == 'pytorch':
        here = os.environ.get('LOCAL_WORLD_SIZE', '1')  # as torchrun sets it
        words = [str(tool.with_name('dist_train.sh')), args.config, here]
    elif args.launcher == 'slurm':
        words = [str(tool.with_name('slurm_train.sh')), 'PARTITION', 'JOB', args.config]
    words += ['--work-dir', work_dir]
    words += ['--record', args.record] if args.record else []
    switches = ('amp', 'compile', 'deterministic', 'trust_checkpoint')
    words += [f'--{name.replace("_", "-")}' for name in switches if getattr(args, name)]
    words += ['--log-to', *args.log_to] if args.log_to else []
    words += ['--cfg-options', *args.cfg_options] if args.cfg_options else []
    return shlex.join([*words, '--resume'])


def main(args: argparse.Namespace) -> int:
    """Trains to the end or to Ctrl-C; returns the exit code."""
    from mmengine.dist import is_main_process
    from mmengine.runner.checkpoint import get_state_dict

    from lkca_mm.config import load_config, parse_options
    from lkca_mm.datasets import check_data
    from lkca_mm.engine import ResultRecordHook, TrainingInterrupted, TrainingRunner, launch
    from lkca_mm.engine.checkpoint import fit_weights, reading_as_data
    from lkca_mm.errors import CheckpointError

    options = parse_options(args.cfg_options)
    config = load_config(args.config, options)
    launch.set_work_dir(config, args.work_dir)
    check_data(config, ('train_dataloader', 'val_dataloader'))
    if args.amp:
        launch.enable_amp(config)
    if args.compile:
        # A CUDA graph overwrites gradients that are kept for the next iteration.
        kept = config.optim_wrapper.get('accumulative_counts', 1) > 1
        launch.add_hook(config, type='CompileHook', mode='default' if kept else None)
    launch.log_to(config, args.log_to)
    checkpoint = None
    if args.resume:
        checkpoint = launch.resume_from(config, args.resume, args.trust_checkpoint)
    launch.set_randomness(config, args.seed, args.deterministic, checkpoint)
    launch.set_launcher(config, args.launcher)

    runner = TrainingRunner.from_cfg(config)
    if args.record:
        command = shlex.join(['python', *sys.argv])
        runner.register_hook(ResultRecordHook(args.record, args.config, command, options))
    if checkpoint is not None:
        fit_weights(runner.model, checkpoint, config.load_from)
        saved = checkpoint['state_dict']
        for name, weight in get_state_dict(runner.model).items():
            if saved[name].shape != weight.shape:  # an optimizer's moments are not fitted
                raise CheckpointError(
                    f'{config.load_from}: {name} has another size, so training cannot go on from '
                    f'it; start a new run with --cfg-options load_from={config.load_from}'
                )
        del checkpoint  # as large as the model and its optimizer: not for the whole run
    try:
        with reading_as_data(args.trust_checkpoint):
            runner.train()
    except TrainingInterrupted as interruption:
        resume = resume_command(args, config.work_dir)
        print(f'interrupted; saved {interruption.checkpoint}; to go on: {resume}', file=sys.stderr)
        return 130
    if is_main_process():
        print(f'trained; checkpoints and log are in {config.work_dir}')
    launch.leave_together()
    return 0


if __name__ == '__main__':
    args = build_parser().parse_args()
    from lkca_mm.command import run_tool

    sys.exit(run_tool(main, args))
