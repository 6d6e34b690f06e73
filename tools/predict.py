"""Runs a trained model on images and draws what it predicts."""

import argparse
import os
import sys
from pathlib import Path
from typing import Any


def build_parser() -> argparse.ArgumentParser:
    """Returns the tool's arguments."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('config', metavar='CONFIG')
    parser.add_argument('checkpoint', metavar='CHECKPOINT')
    parser.add_argument('images', metavar='IMAGE_OR_FOLDER', nargs='+', type=Path)
    parser.add_argument('--out', metavar='DIR', type=Path, required=True)
    parser.add_argument('--device', default='auto', help='auto, cpu or cuda:0 (default: auto)')
    parser.add_argument(
        '--opacity', type=float, default=0.5, help="of the classes' colours, in [0, 1] (0.5)"
    )
    parser.add_argument('--trust-checkpoint', action='store_true', help='it may run code')
    parser.add_argument('--debug', action='store_true', help='show the traceback of an error')
    return parser


def predict_one(model: Any, path: Path, out: Path, opacity: float) -> str:
    """Writes OUT.png, and of a segmentor OUT_mask.png; returns what is printed."""
    import numpy as np

    from lkca_mm.apis import predict, read_image
    from lkca_mm.config import is_segmentor
    from lkca_mm.visualization.predictions import draw_overlay, draw_scores, save_image

    image, sample, meta = read_image(path), predict(model, path), model.dataset_meta
    drawn = out.with_name(f'{out.name}.png')
    if not is_segmentor(model):
        scores, best = sample.pred_score.cpu().topk(min(5, len(meta['classes'])))
        top = [(meta['classes'][i], s) for i, s in zip(best.tolist(), scores.tolist(), strict=True)]
        draw_scores(image, top, drawn)
        return ', '.join(f'{name} {score:.1%}' for name, score in top)
    mask = sample.pred_sem_seg.data[0].cpu().numpy().astype(np.uint8)  # floats of a binary head
    save_image(draw_overlay(image, mask, meta, opacity), drawn)
    save_image(mask, out.with_name(f'{out.name}_mask.png'), meta['palette'])
    shares = np.bincount(mask.ravel(), minlength=len(meta['classes'])) / mask.size
    order = np.argsort(-shares, kind='stable')[:3]
    return ', '.join(f'{meta["classes"][i]} {shares[i]:.1%}' for i in order if shares[i])


def main(args: argparse.Namespace) -> int:
    """Predicts, draws and prints one line an image."""
    from lkca_mm.apis import find_images, load_model
    from lkca_mm.errors import ConfigError, DataError

    if not 0 <= args.opacity <= 1:
        raise ConfigError(f'--opacity {args.opacity} must be in [0, 1]')
    images = find_images(args.images)
    if args.out.resolve() in {path.resolve().parent for path in images}:
        raise ConfigError(f'--out {args.out}: holds the images; choose another folder')
    model = load_model(args.config, args.checkpoint, args.device, args.trust_checkpoint)
    names = [path.stem for path in images]
    if len({*names, *(f'{name}_mask' for name in names)}) < 2 * len(names):  # two of one name
        folder = os.path.commonpath([path.absolute().parent for path in images])
        paths = (os.path.relpath(path, folder) for path in images)
        names = [path.replace(os.sep, '_').replace('.', '_') for path in paths]
    failed = 0
    for path, name in zip(images, names, strict=True):
        try:
            print(f'{path.name}: {predict_one(model, path, args.out / name, args.opacity)}')
        except DataError as error:
            failed += 1
            print(f'error: {error}', file=sys.stderr)
    print(f'{len(images) - failed} of {len(images)} images done, results in {args.out}')
    return 1 if failed else 0


if __name__ == '__main__':
    args = build_parser().parse_args()
    from lkca_mm.command import run_tool

    sys.exit(run_tool(main, args))
