"""Trains, scores and draws a small LKCA UPerNet in minutes: what `make demo` runs."""

import argparse
import json
import shlex
import subprocess
import sys
from pathlib import Path

from lkca_mm.command import run_command

import numpy as np
from mmseg.datasets import ADE20KDataset
from PIL import Image

from lkca_mm.errors import LKCAError
from lkca_mm.evaluation import MajorityScore, count_pixels, score_majority

CONFIG = 'configs/upernet_lkca-tiny_scenes_demo.py'
DATA = Path('data/scenes')
WORK_DIR = Path('work_dirs/demo')
CLASSES = ADE20KDataset.METAINFO['classes']
# The demo has learned something if its mIoU is this many times the majority's.
REQUIRED_RATIO = 3.0


def run(*words: str) -> None:
    """Shows and runs a command that a user could type.

    Raises:
        LKCAError: If it fails; its own error stands above.
    """
    print(f'\n$ python {shlex.join(words)}', flush=True)
    if subprocess.run([sys.executable, *words]).returncode:
        raise LKCAError(f'`python {shlex.join(words)}` failed; its message is above')


def read_masks(split: str) -> list[np.ndarray]:
    """Returns a split's masks as class indices, 255 where there is no class."""
    folder = DATA / 'annotations' / split
    # ADE20K's encoding: 0 is no class, which wraps around to 255.
    return [np.asarray(Image.open(path)) - np.uint8(1) for path in sorted(folder.glob('*.png'))]


def majority() -> MajorityScore:
    """Scores the training masks' commonest class on the held-out masks."""
    counts = [count_pixels(read_masks(split), len(CLASSES)) for split in ('training', 'validation')]
    return score_majority(*counts)


def main(args: argparse.Namespace) -> int:
    """Runs the demo; returns 1 if the model did not learn."""
    run('tools/prepare_data.py', 'scenes')
    run('tools/train.py', CONFIG, '--work-dir', str(WORK_DIR))
    checkpoint = (WORK_DIR / 'last_checkpoint').read_text(encoding='utf-8').strip()
    pictures = WORK_DIR / 'pictures'
    scored = ('--out', str(WORK_DIR / 'scored'), '--show-dir', str(pictures))
    run('tools/test.py', CONFIG, checkpoint, '--work-dir', str(WORK_DIR), *scored)

    report = json.loads((WORK_DIR / 'scored' / 'scores.json').read_text(encoding='utf-8'))
    miou, baseline = report['scores']['mIoU'], majority()
    ratio = miou / baseline.miou
    print('\npictures (image, ground truth, prediction):')
    for path in sorted(pictures.glob('*.png'))[: args.show]:
        print(f'  {path}')
    print(
        f'mIoU on held-out pictures: {miou:.2f}; predicting the most frequent class '
        f'({CLASSES[baseline.class_index]}) everywhere: {baseline.miou:.2f}; {ratio:.1f} times'
    )
    if ratio < REQUIRED_RATIO:
        print(f'that is less than {REQUIRED_RATIO:.0f} times: it did not learn', file=sys.stderr)
        return 1
    return 0


def build_parser() -> argparse.ArgumentParser:
    """Returns the tool's arguments."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--show', type=int, default=6, help='how many pictures to name (default 6)')
    return parser


if __name__ == '__main__':
    sys.exit(run_command(build_parser(), main))
