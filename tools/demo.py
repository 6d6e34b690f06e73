"""Trains, scores and draws a small LKCA UPerNet in minutes: what `make demo` runs."""

import argparse
import json
import shlex
import subprocess
import sys
from pathlib import Path

CONFIG = 'configs/upernet_lkca-tiny_scenes_demo.py'
DATA = Path('data/scenes')
WORK_DIR = Path('work_dirs/demo')
# The demo has learned something if its mIoU is this many times the majority's.
REQUIRED_RATIO = 10.0


def run(*words: str) -> None:
    """Shows and runs a command that a user could type; an LKCAError if it fails."""
    from lkca_mm.errors import LKCAError

    print(f'\n$ python {shlex.join(words)}', flush=True)
    if subprocess.run([sys.executable, *words]).returncode:
        raise LKCAError(f'`python {shlex.join(words)}` failed; its message is above')


def majority_score() -> tuple[str, float]:
    """Returns the training masks' most frequent class and its mIoU if predicted everywhere."""
    import numpy as np
    from mmseg.datasets import ADE20KDataset
    from PIL import Image

    def count(split: str) -> np.ndarray:
        masks = (np.asarray(Image.open(path)) for path in (DATA / 'annotations' / split).iterdir())
        # The files count from 1; 0 is no class.
        return sum(np.bincount(mask.ravel(), minlength=151) for mask in masks)[1:]

    training, scored = count('training'), count('validation')
    majority = int(training.argmax())
    # Its union is every pixel; the other classes that occur have an IoU of 0.
    classes = np.count_nonzero(scored) + (scored[majority] == 0)
    miou = 100 * scored[majority] / scored.sum() / classes
    return ADE20KDataset.METAINFO['classes'][majority], float(miou)


def main(args: argparse.Namespace) -> int:
    """Runs the demo; returns 1 if the model did not learn."""
    run('tools/prepare_data.py', 'scenes')
    run('tools/train.py', CONFIG, '--work-dir', str(WORK_DIR))
    checkpoint = (WORK_DIR / 'last_checkpoint').read_text(encoding='utf-8').strip()
    images = WORK_DIR / 'pictures'
    scored = ('--out', str(WORK_DIR / 'scored'), '--show-dir', str(images))
    run('tools/test.py', CONFIG, checkpoint, '--work-dir', str(WORK_DIR), *scored)

    report = json.loads((WORK_DIR / 'scored' / 'scores.json').read_text(encoding='utf-8'))
    miou, (name, baseline) = report['scores']['mIoU'], majority_score()
    print('\nimages, with ground truth and prediction beside them:')
    for path in sorted(images.glob('*.png'))[: args.show]:
        print(f'  {path}')
    print(
        f'mIoU on held-out images: {miou:.2f}; predicting the most frequent class ({name}) '
        f'everywhere: {baseline:.2f}; {miou / baseline:.1f} times'
    )
    if miou < REQUIRED_RATIO * baseline:
        print(f'that is less than {REQUIRED_RATIO:.0f} times: it did not learn', file=sys.stderr)
        return 1
    return 0


def build_parser() -> argparse.ArgumentParser:
    """Returns the tool's arguments."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--show', type=int, default=6, help='how many images to name (default 6)')
    parser.add_argument('--debug', action='store_true', help='show the traceback of an error')
    return parser


if __name__ == '__main__':
    args = build_parser().parse_args()
    from lkca_mm.command import run_tool

    sys.exit(run_tool(main, args))
