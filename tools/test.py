"""Scores a checkpoint on a config's test set."""

import argparse
import shlex
import sys
from pathlib import Path
from typing import Any

from lkca_mm.command import run_command

import torch
from mmengine.config import Config
from mmengine.dist import is_main_process
from mmengine.runner import Runner

from lkca_mm.engine.checkpoint import fit_weights, read_checkpoint
from lkca_mm.engine.checkpoint_loading import guard_loading
from lkca_mm.engine.run_config import (
    add_hook,
    add_run_arguments,
    add_trust_argument,
    check_data,
    leave_together,
    load_run_config,
    set_launcher,
)
from lkca_mm.errors import ConfigError
from lkca_mm.inference.metainfo import find_test_dataset
from lkca_mm.record import environment, write_record


def build_parser() -> argparse.ArgumentParser:
    """Returns the tool's arguments."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('config', metavar='CONFIG')
    parser.add_argument('checkpoint', metavar='CKPT')
    parser.add_argument('--out', metavar='DIR', help='save scores.json and the predictions')
    parser.add_argument('--show-dir', metavar='DIR', help='draw the predictions')
    parser.add_argument('--tta', action='store_true', help='test-time augmentation')
    add_run_arguments(parser)
    add_trust_argument(parser)
    return parser


def is_segmentation(config: Config) -> bool:
    """Tells a segmentation config from a classification config."""
    return config.get('default_scope', 'mmseg') == 'mmseg'


def add_tta(config: Config) -> None:
    """Turns on test-time augmentation as the config describes it.

    Raises:
        ConfigError: If the config lacks ``tta_model`` or ``tta_pipeline``.
    """
    for key in ('tta_model', 'tta_pipeline'):
        if not config.get(key):
            raise ConfigError(f'{config.filename}: --tta needs the key `{key}`')
    find_test_dataset(config)['pipeline'] = config.tta_pipeline
    add_hook(config, {'type': 'PrepareTTAHook', 'tta_cfg': config.tta_model})


def evaluators(config: Config) -> list[dict[str, Any]]:
    """Returns the test evaluators as a list."""
    found = config.test_evaluator
    return list(found) if isinstance(found, (list, tuple)) else [found]


def save_predictions(config: Config, out: Path) -> None:
    """Has the evaluators save what was predicted under ``out``."""
    if is_segmentation(config):
        for evaluator in evaluators(config):
            evaluator['output_dir'] = str(out / 'masks')
    else:
        dump = {'type': 'DumpResults', 'out_file_path': str(out / 'predictions.pkl')}
        config.test_evaluator = [*evaluators(config), dump]


def save_pictures(config: Config, show_dir: str) -> None:
    """Has the predictions drawn under ``show_dir``."""
    if is_segmentation(config):
        add_hook(config, {'type': 'SideBySideHook', 'out_dir': show_dir})
    else:
        config.default_hooks.visualization = {
            'type': 'VisualizationHook',
            'enable': True,
            'interval': 1,
            'out_dir': show_dir,
        }
        if not config.get('visualizer'):
            config.visualizer = {'type': 'UniversalVisualizer'}


def report(
    args: argparse.Namespace,
    runner: Runner,
    checkpoint: dict[str, Any],
    scores: dict[str, float],
) -> None:
    """Prints the scores, and writes them with what they are scores of."""
    print('  '.join(f'{name}: {value:.2f}' for name, value in scores.items()))
    if args.out:
        meta = checkpoint.get('meta', {})
        record = {
            'command': shlex.join(['python', *sys.argv]),
            'config': args.config,
            'checkpoint': args.checkpoint,
            'seed': meta.get('seed'),
            'iterations': meta.get('iter'),
            'pictures': len(runner.test_dataloader.dataset),
            'scores': {name: round(float(value), 4) for name, value in scores.items()},
            'environment': environment('cuda' if torch.cuda.is_available() else 'cpu'),
        }
        write_record(Path(args.out) / 'scores.json', record)
    if args.show_dir:
        print(f'pictures are in {args.show_dir}')


def main(args: argparse.Namespace) -> None:
    """Scores, prints and saves."""
    config = load_run_config(args)
    if not config.get('test_dataloader') or not config.get('test_evaluator'):
        raise ConfigError(f'{args.config}: has no test_dataloader and test_evaluator')
    check_data(config, ('test_dataloader',))
    guard_loading(args.trust_checkpoint)
    checkpoint = read_checkpoint(args.checkpoint, args.trust_checkpoint)
    # The runner loads it once more, with the hooks that have a say in that.
    config.load_from = args.checkpoint
    config.resume = False
    if args.tta:
        add_tta(config)
    if args.out:
        save_predictions(config, Path(args.out))
    if args.show_dir:
        save_pictures(config, args.show_dir)
    set_launcher(config, args.launcher)

    runner = Runner.from_cfg(config)
    fit_weights(runner.model, checkpoint, args.checkpoint)
    if args.out and is_segmentation(config):
        # Every process: mmseg makes the folder in the first one alone, perhaps too late.
        (Path(args.out) / 'masks').mkdir(parents=True, exist_ok=True)
    scores = runner.test()
    if is_main_process():
        report(args, runner, checkpoint, scores)
    leave_together()


if __name__ == '__main__':
    sys.exit(run_command(build_parser(), main))
