"""Draws what a model has learned: kernels, effective receptive fields, training curves."""

import argparse
import sys
from pathlib import Path
from typing import Any


def build_parser() -> argparse.ArgumentParser:
    """Returns the tool's arguments."""
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(required=True, metavar='WHAT')
    kernels = commands.add_parser('kernels', help='the kernels of every LKCA layer')
    kernels.set_defaults(draw=draw_kernels)
    kernels.add_argument('config', metavar='CONFIG')
    kernels.add_argument('checkpoint', metavar='CHECKPOINT')
    kernels.add_argument('--layers', nargs='+', metavar='LAYER', help='only these (default: all)')
    kernels.add_argument('--max-kernels', type=int, default=12, help='of one layer (default 12)')

    erf = commands.add_parser('erf', help='effective receptive fields of models, side by side')
    erf.set_defaults(draw=draw_fields)
    erf.add_argument(
        '--model',
        nargs='+',
        action='append',
        required=True,
        metavar='CONFIG [CHECKPOINT] [KEY=VALUE]',
        help='repeatable; without a checkpoint the weights that training starts from',
    )
    erf.add_argument('--images', nargs='+', required=True, metavar='FILE_OR_FOLDER')
    erf.add_argument('--names', nargs='+', metavar='NAME', help='of the models, in their order')
    erf.add_argument('--size', type=int, help="of the images in pixels (default: the configs')")
    erf.add_argument(
        '--directions', type=int, default=8, help='random sums of channels (default 8)'
    )
    erf.add_argument('--seed', type=int, default=0, help='of weights and sums (default 0)')
    erf.add_argument('--device', default='auto', help='auto, cpu or cuda:0 (auto)')
    erf.add_argument('--json', metavar='FILE', help='write the sizes as JSON')

    curves = commands.add_parser('curves', help='loss and score of several runs')
    curves.set_defaults(draw=draw_curves)
    curves.add_argument('runs', nargs='+', metavar='RUN', help='a record of --record')
    curves.add_argument('--metric', help='which score (default: mIoU or top-1 accuracy)')
    curves.add_argument('--names', nargs='+', metavar='NAME', help='of the runs, in their order')

    for command in (kernels, erf):
        command.add_argument('--trust-checkpoint', action='store_true', help='it may run code')
    for command in (kernels, erf, curves):
        command.add_argument('--out', required=True, metavar='FILE', help='.png or .svg')
        command.add_argument('--title', help='of the figure')
        command.add_argument('--debug', action='store_true', help='show the traceback of an error')
    return parser


def draw_kernels(args: argparse.Namespace) -> None:
    """Draws the kernels of every LKCA layer."""
    from lkca_mm.apis import load_model
    from lkca_mm.visualization import kernels

    model = load_model(args.config, args.checkpoint, 'cpu', args.trust_checkpoint)
    title = f'LKCA kernels of {Path(args.config).stem}\n{weights_of(args.checkpoint)}'
    found = kernels.find_kernels(model, args.layers)
    kernels.draw_kernels(found, args.title or title, args.out, args.max_kernels)


def weights_of(checkpoint: str | None) -> str:
    """Returns what a figure says of a model's weights."""
    return '/'.join(Path(checkpoint).parts[-2:]) if checkpoint else 'untrained, random weights'


def names_of(names: list[str] | None, paths: list[str]) -> list[str]:
    """Returns one name for each path: those given, or those of the files."""
    from lkca_mm.errors import ConfigError

    names = names or [Path(path).resolve().stem for path in paths]
    if len(set(names)) != len(paths):
        raise ConfigError(f'--names: {len(set(names))} different names for {len(paths)}')
    return names


def draw_fields(args: argparse.Namespace) -> None:
    """Draws the effective receptive fields of several models on the same images."""
    from lkca_mm.apis import find_images, load_model
    from lkca_mm.config import image_size_of, load_config, parse_options
    from lkca_mm.errors import ConfigError
    from lkca_mm.record import write_record
    from lkca_mm.visualization import receptive_field as erf

    images = find_images(args.images)
    paths = [path for path, *_ in args.model]
    loaded = []
    for path, *rest in args.model:
        settings = [word for word in rest if '=' in word and not Path(word).exists()]
        checkpoints = [word for word in rest if word not in settings]
        if len(checkpoints) > 1:
            raise ConfigError(f'--model {path}: has {len(checkpoints)} checkpoints; repeat --model')
        config = load_config(path, parse_options(settings))
        loaded.append((config, *(checkpoints or [None]), settings))
    sides = {args.size} if args.size else {max(image_size_of(config)) for config, *_ in loaded}
    if len(sides) > 1:
        raise ConfigError(f'the configs are made for images of {sorted(sides)} pixels; add --size')
    (side,) = sides

    fields: dict[str, Any] = {}
    models = []
    for name, path, (config, checkpoint, settings) in zip(
        names_of(args.names, paths), paths, loaded, strict=True
    ):
        model = load_model(config, checkpoint, args.device, args.trust_checkpoint, args.seed)
        inputs = erf.load_squares(model, images, side)
        field = erf.measure_field(model.backbone, inputs, args.directions, args.seed)
        fields['\n'.join([name, weights_of(checkpoint), *settings])] = field
        extents = {f'{share:.0%}': erf.measure_extent(field, share) for share in erf.SHARES}
        models.append(
            {
                'name': name,
                'path': path,
                'checkpoint': checkpoint,
                'settings': settings,
                'extents': {share: extent._asdict() for share, extent in extents.items()},
            }
        )
        print(f'{name}: ' + ', '.join(f'{s} in {extent.side} px' for s, extent in extents.items()))
    title = f'effective receptive field: centre of the last map, {len(images)} images of '
    erf.draw_fields(fields, args.title or f'{title}{side} x {side}', args.out)
    if args.json:
        record = {
            'size': side,
            'images': [image.name for image in images],
            'directions': args.directions,
            'seed': args.seed,
            'models': models,
        }
        write_record(args.json, record)


def draw_curves(args: argparse.Namespace) -> None:
    """Draws losses and scores of several runs."""
    from lkca_mm.visualization import curves

    names = names_of(args.names, args.runs)
    runs = {name: curves.read_run(path) for name, path in zip(names, args.runs, strict=True)}
    curves.draw_curves(runs, args.out, args.metric, args.title or 'training curves')


def main(args: argparse.Namespace) -> None:
    """Draws what was asked for and prints where it is."""
    from mmengine.logging import MMLogger

    from lkca_mm.visualization.figure import check_path

    check_path(args.out)
    MMLogger.get_instance('visualize', log_level='WARNING')  # it lists all weights that it draws
    args.draw(args)
    print(f'written to {args.out}')


if __name__ == '__main__':
    args = build_parser().parse_args()
    from lkca_mm.command import run_tool

    sys.exit(run_tool(main, args))
