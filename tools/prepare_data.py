"""Puts a data set where the configs look for it, or does nothing if it is there."""

import argparse
import sys
from pathlib import Path

from lkca_mm.command import run_command

from lkca_mm.datasets.prepare import (
    SOURCES,
    Prepared,
    SceneSettings,
    prepare_scenes,
    prepare_source,
)
from lkca_mm.errors import DataError

_FOR_SOURCES = {'origin': '--from', 'url': '--url', 'allow_partial': '--allow-partial'}
_FOR_SCENES = {
    'seed': '--seed',
    'size': '--size',
    'num_train': '--num-train',
    'num_val': '--num-val',
}


def build_parser() -> argparse.ArgumentParser:
    """Returns the arguments of this tool."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('name', choices=[*SOURCES, 'scenes'], help='the data set')
    parser.add_argument(
        '--root', type=Path, default=Path('data'), help='the folder of all data sets'
    )
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
        default=None,
        help='accept a part of the data set, as long as no mask and no class is missing',
    )
    scenes = parser.add_argument_group('scenes, which are painted')
    scenes.add_argument('--seed', type=int, help='default: 0')
    scenes.add_argument('--size', type=int, help='side of a picture in pixels, default: 128')
    scenes.add_argument('--num-train', type=int, help='pairs for training, default: 400')
    scenes.add_argument('--num-val', type=int, help='pairs for validation, default: 80')
    return parser


def prepare(args: argparse.Namespace) -> Prepared:
    """Prepares the data set that the arguments name.

    Raises:
        DataError: An option is of no use to this data set, or preparing it failed.
    """
    painted = args.name == 'scenes'
    for option, flag in (_FOR_SOURCES if painted else _FOR_SCENES).items():
        if getattr(args, option) is not None:
            raise DataError(f'{flag} does not apply to {args.name}: leave it out')
    if painted:
        given = {key: getattr(args, key) for key in _FOR_SCENES if getattr(args, key) is not None}
        return prepare_scenes(args.root, SceneSettings(**given))
    if args.origin is not None and args.url is not None:
        raise DataError('--from and --url exclude each other: leave one out')
    return prepare_source(
        SOURCES[args.name],
        args.root,
        origin=args.origin,
        url=args.url,
        allow_partial=bool(args.allow_partial),
    )


def main(args: argparse.Namespace) -> None:
    """Prepares a data set and says where it is."""
    prepared = prepare(args)
    counts = ', '.join(f'{count} {split}' for split, count in prepared.counts.items())
    state = 'ready' if prepared.changed else 'already there'
    print(f'{args.name}: {counts} {prepared.unit} in {prepared.folder} ({state})')


if __name__ == '__main__':
    sys.exit(run_command(build_parser(), main))
