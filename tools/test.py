"""Scores a checkpoint on a config's test set."""

import argparse
import math
import shlex
import sys
from pathlib import Path


def build_parser() -> argparse.ArgumentParser:
    """Returns the tool's arguments."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('config', metavar='CONFIG')
    parser.add_argument('checkpoint', metavar='CKPT')
    parser.add_argument('--out', metavar='DIR', help='save scores.json and the predictions')
    parser.add_argument('--show-dir', metavar='DIR', help='draw the predictions')
    parser.add_argument('--tta', action='store_true', help='test-time augmentation')
    parser.add_argument('--work-dir', help='where the log goes')
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


def main(args: argparse.Namespace) -> None:
    """Scores, prints and saves."""
    from mmengine.dist import is_main_process

    from lkca_mm.config import load_config, parse_options
    from lkca_mm.datasets import check_data
    from lkca_mm.engine import TrainingRunner, launch
    from lkca_mm.engine.checkpoint import fit_weights, read_checkpoint, reading_as_data
    from lkca_mm.evaluation import class_iou_of
    from lkca_mm.record import environment, plain, write_record

    config = load_config(args.config, parse_options(args.cfg_options))
    launch.set_work_dir(config, args.work_dir)
    check_data(config, ('test_dataloader',))
    checkpoint = read_checkpoint(args.checkpoint, args.trust_checkpoint)
    # The runner loads it once more, with the hooks that have a say in that.
    config.load_from, config.resume = args.checkpoint, False
    if args.tta:
        launch.add_tta(config)
    if args.out:
        launch.save_predictions(config, Path(args.out))
    if args.show_dir:
        launch.save_drawings(config, args.show_dir)
    launch.set_launcher(config, args.launcher)

    class TestRunner(TrainingRunner):
        def dump_config(self) -> None:
            """Leaves the config of the training in its work dir."""

    runner = TestRunner.from_cfg(config)
    fit_weights(runner.model, checkpoint, args.checkpoint)
    with reading_as_data(args.trust_checkpoint):
        scores = plain(runner.test())
    if is_main_process():
        values = {name: math.nan if x is None else x for name, x in scores.items()}
        numbers = {name: x for name, x in values.items() if isinstance(x, (int, float))}
        print('  '.join(f'{name}: {value:.2f}' for name, value in numbers.items()))
        if args.out:
            record = {
                'command': shlex.join(['python', *sys.argv]),
                'config': args.config,
                'checkpoint': args.checkpoint,
                'seed': checkpoint.get('meta', {}).get('seed'),
                'iterations': checkpoint.get('meta', {}).get('iter'),
                'images': len(runner.test_dataloader.dataset),
                'scores': scores | {name: round(value, 4) for name, value in numbers.items()},
                'environment': environment(str(next(runner.model.parameters()).device.type)),
            }
            if class_iou := class_iou_of(runner.test_evaluator):
                record['class_iou'] = class_iou
            write_record(Path(args.out) / 'scores.json', plain(record))
        if args.show_dir:
            print(f'drawings are in {args.show_dir}')
    launch.leave_together()


if __name__ == '__main__':
    args = build_parser().parse_args()
    from lkca_mm.command import run_tool

    sys.exit(run_tool(main, args))
