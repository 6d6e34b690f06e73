"""Puts a data set where the configs look for it, or does nothing if it is there."""

import argparse
import sys
from pathlib import Path

NAMES = ('ade20k', 'camvid', 'cifar10', 'cifar100', 'svhn', 'tiny-imagenet', 'scenes')


def build_parser() -> argparse.ArgumentParser:
    """Returns the arguments of this tool."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('name', choices=NAMES, help='the data set')
    parser.add_argument(
        '--root', type=Path, default=Path('data'), help='the folder of all data sets (data)'
    )
    parser.add_argument('--debug', action='store_true', help='show the traceback of an error')
    source = parser.add_argument_group('data sets that are downloaded')
    source.add_argument(
        '--from',
        dest='origin',
        type=Path,
        metavar='DIR_OR_ARCHIVE',
        help='use a copy you have: the folder, its parent, or a zip or tar archive',
    )
    source.add_argument(
        '--url',
        help='download from this address (svhn: the folder of the files); the checks stay the same',
    )
    source.add_argument(
        '--allow-partial',
        action='store_true',
        help='accept a part of the data set, as long as no mask and no class is missing',
    )
    scenes = parser.add_argument_group('scenes, which are drawn')
    scenes.add_argument('--seed', type=int, default=0, help='default: 0')
    scenes.add_argument('--size', type=int, default=128, help='side in pixels, default: 128')
    scenes.add_argument('--num-train', type=int, default=400, help='pairs to train on, 400')
    scenes.add_argument('--num-val', type=int, default=40, help='pairs to validate on, 40')
    return parser


def main(args: argparse.Namespace) -> None:
    """Prepares the data set and says where it is."""
    if args.name == 'scenes':
        from lkca_mm.datasets.scenes import prepare_scenes

        done = prepare_scenes(args.root, args.seed, args.size, args.num_train, args.num_val)
    else:
        from lkca_mm.datasets.prepare import prepare

        done = prepare(args.name, args.root, args.origin, args.url, args.allow_partial)
    counts = ', '.join(f'{count} {split}' for split, count in done.counts.items())
    state = 'ready' if done.changed else 'already there'
    print(f'{args.name}: {counts} images in {done.folder} ({state})')


if __name__ == '__main__':
    args = build_parser().parse_args()
    from lkca_mm.command import run_tool

    sys.exit(run_tool(main, args))
