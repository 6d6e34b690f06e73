"""Runs a trained model on an image, or on every image of a folder, and draws what it sees."""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from lkca_mm.command import describe, run_command

import numpy as np

from lkca_mm.engine.run_config import add_trust_argument
from lkca_mm.errors import DataError
from lkca_mm.inference import (
    TrainedModel,
    draw_scores,
    load_model,
    predict_classification,
    predict_segmentation,
)
from lkca_mm.inference.files import check_targets, find_images, name_results
from lkca_mm.visualization import draw_segmentation, save_png
from lkca_mm.visualization.legend import class_shares, percent

PICTURE, MASK = '.png', '_mask.png'


def opacity(text: str) -> float:
    """Returns a number in [0, 1], for argparse."""
    value = float(text)
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f'{text} is not in [0, 1]')
    return value


def build_parser() -> argparse.ArgumentParser:
    """Returns the tool's arguments."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('config', metavar='CONFIG')
    parser.add_argument('checkpoint', metavar='CKPT')
    parser.add_argument('images', metavar='IMAGE_OR_FOLDER', type=Path)
    parser.add_argument('--out', metavar='DIR', type=Path, required=True)
    parser.add_argument('--device', default='auto', help='auto, cpu or cuda:0 (default: auto)')
    parser.add_argument(
        '--opacity', type=opacity, default=0.5, help='of the colours, in [0, 1] (default: 0.5)'
    )
    add_trust_argument(parser)
    return parser


def segment(model: TrainedModel, image: Path, base: str, alpha: float) -> str:
    """Writes a picture and a mask; returns what is to be printed."""
    found = predict_segmentation(model, image)
    picture = draw_segmentation(found.image, found.mask, found.classes, found.palette, alpha)
    save_png(found.mask, f'{base}{MASK}', found.palette)
    save_png(picture, f'{base}{PICTURE}')
    shares = class_shares(found.mask, len(found.classes))
    order = np.argsort(-shares, kind='stable')[:3]
    return ', '.join(f'{found.classes[i]} {percent(shares[i])}' for i in order if shares[i])


def classify(model: TrainedModel, image: Path, base: str, alpha: float) -> str:
    """Writes a picture; returns what is to be printed."""
    found = predict_classification(model, image)
    save_png(draw_scores(found.image, found.top), f'{base}{PICTURE}')
    return ', '.join(f'{name} {100 * score:.1f}%' for name, score in found.top)


def main(args: argparse.Namespace) -> int:
    """Predicts, draws and prints one line an image."""
    images = find_images(args.images)
    model = load_model(args.config, args.checkpoint, args.device, args.trust_checkpoint)
    handle: Callable[[TrainedModel, Path, str, float], str]
    handle, endings = (segment, (PICTURE, MASK)) if model.segments else (classify, (PICTURE,))
    bases = [str(args.out / name) for name in name_results(images, endings)]
    check_targets(images, [Path(f'{base}{ending}') for base in bases for ending in endings])

    failed = 0
    for image, base in zip(images, bases, strict=True):
        try:
            print(f'{image.name}: {handle(model, image, base, args.opacity)}', flush=True)
        except DataError as error:
            if len(images) == 1:
                raise
            failed += 1
            print(f'error: {describe(error)}', file=sys.stderr, flush=True)
    print(f'{len(images) - failed} of {len(images)} images done, results in {args.out}')
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(run_command(build_parser(), main))
