"""Draws what a model has learned and how: kernels, receptive fields, predictions, curves."""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lkca_mm.command import run_command

import numpy as np
from mmengine.config import Config
from mmengine.logging import MMLogger

from lkca_mm.engine.options import parse_value, positive
from lkca_mm.engine.run_config import add_trust_argument, load_config
from lkca_mm.errors import ConfigError
from lkca_mm.inference import (
    TrainedModel,
    draw_scores,
    load_model,
    predict_classification,
    predict_segmentation,
)
from lkca_mm.inference.files import find_images
from lkca_mm.record import check_replaceable, write_record
from lkca_mm.visualization import side_by_side
from lkca_mm.visualization.curve_sheet import choose_metric, draw_curve_sheet
from lkca_mm.visualization.field_extent import measure_extent
from lkca_mm.visualization.field_sheet import SHARES, draw_field_sheet
from lkca_mm.visualization.figure import check_picture_path
from lkca_mm.visualization.kernel_sheet import draw_kernel_sheet
from lkca_mm.visualization.kernels import find_kernels
from lkca_mm.visualization.networks import describe_weights, load_or_draw
from lkca_mm.visualization.prediction_sheet import draw_prediction_sheet
from lkca_mm.visualization.receptive_field import measure_field
from lkca_mm.visualization.run_curves import read_run
from lkca_mm.visualization.square_inputs import load_squares
from lkca_mm.visualization.truth_masks import TruthMasks


def gather_images(paths: list[Path]) -> list[Path]:
    """Returns image files and the images of folders, each once."""
    return list(dict.fromkeys(image for path in paths for image in find_images(path)))


def draw_kernels(args: argparse.Namespace) -> None:
    """Draws the kernels of every LKCA layer."""
    model = load_model(args.config, args.checkpoint, 'cpu', args.trust_checkpoint)
    layers = find_kernels(model.network, args.layers)
    title = f'LKCA kernels of {Path(args.config).stem}\n{describe_weights(args.checkpoint)}'
    draw_kernel_sheet(layers, args.title or title, args.out, args.max_kernels)


def side_of(config: Config) -> int | None:
    """Returns the side of the images that a config is made for, in pixels; None if unknown."""
    size = config.model.get('backbone', {}).get('img_size')
    if size is None:
        size = (config.model.get('data_preprocessor') or {}).get('size')
    return size if size is None or isinstance(size, int) else max(size)


def choose_side(configs: Sequence[Config]) -> int:
    """Returns the side that all configs are made for.

    Raises:
        ConfigError: If there is none.
    """
    sides = {side_of(config) for config in configs} - {None}
    if len(sides) != 1:
        found = ' and '.join(str(side) for side in sorted(sides)) or 'no size'
        raise ConfigError(f'the configs are made for images of {found}; say --size')
    return sides.pop()


@dataclass
class Rival:
    """One of the models whose receptive fields are compared.

    Attributes:
        path: The config's file.
        checkpoint: Its trained weights; None for those that training starts from.
        settings: What replaces the config's settings, as ``KEY=VALUE``.
    """

    path: str
    checkpoint: str | None
    settings: list[str]

    @property
    def config(self) -> Config:
        """The config with the settings."""
        options = {}
        for setting in self.settings:
            key, _, text = setting.partition('=')
            try:
                options[key] = parse_value(text)
            except Exception as error:  # brackets that do not close, and worse
                raise ConfigError(f'--model {self.path}: {setting!r} is not KEY=VALUE') from error
        return load_config(self.path, options)

    @property
    def weights(self) -> str:
        """What a picture says of the weights."""
        return '\n'.join([describe_weights(self.checkpoint), *self.settings])


def read_rival(words: list[str]) -> Rival:
    """Returns the model that the words of one ``--model`` name.

    Raises:
        ConfigError: If they name more than one checkpoint.
    """
    path, *rest = words
    settings = [word for word in rest if '=' in word and not Path(word).exists()]
    checkpoints = [word for word in rest if word not in settings]
    if len(checkpoints) > 1:
        raise ConfigError(
            f'--model {path}: has {len(checkpoints)} checkpoints, {" and ".join(checkpoints)}; '
            'repeat --model for each model'
        )
    return Rival(path, checkpoints[0] if checkpoints else None, settings)


def draw_fields(args: argparse.Namespace) -> None:
    """Draws the effective receptive fields of several models on the same images."""
    if args.json:
        check_replaceable('--json', args.json, 'models')
    rivals = [read_rival(words) for words in args.model]
    names = args.names or [Path(rival.path).stem for rival in rivals]
    if len(names) != len(rivals):
        raise ConfigError(f'--names: {len(names)} names for {len(rivals)} models')
    images = gather_images(args.images)
    configs = [rival.config for rival in rivals]
    side = args.size or choose_side(configs)

    fields: dict[str, np.ndarray] = {}
    figures = []
    for name, rival, config in zip(names, rivals, configs, strict=True):
        model = load_or_draw(
            config, rival.checkpoint, args.device, args.trust_checkpoint, args.seed
        )
        inputs = load_squares(model, images, side)
        field = measure_field(model.network.backbone, inputs, args.directions, args.seed)
        extents = {f'{share:.0%}': measure_extent(field, share)._asdict() for share in SHARES}
        label = f'{name}\n{rival.weights}'
        if label in fields:
            raise ConfigError(f'two models are called {name}; tell them apart with --names')
        fields[label] = field
        figures.append({'name': name, **vars(rival), 'extents': extents})
        held = ', '.join(f'{share} in {found["side"]} px' for share, found in extents.items())
        print(f'{name}: {held}', flush=True)
    count = f'{len(images)} image{"s" if len(images) > 1 else ""}'
    title = f'effective receptive field: centre of the last map, {count} of {side} x {side}'
    draw_field_sheet(fields, args.title or title, args.out)
    if args.json:
        write_record(
            args.json,
            {
                'size': side,
                'images': [image.name for image in images],
                'directions': args.directions,
                'seed': args.seed,
                'models': figures,
            },
        )


def draw_predictions(args: argparse.Namespace) -> None:
    """Draws picture, ground truth if there is one, and prediction."""
    images = gather_images(args.images)
    config = load_config(args.config)
    model = load_model(config, args.checkpoint, args.device, args.trust_checkpoint)
    if args.truth and not model.segments:
        raise ConfigError('--truth is for segmentation; this model classifies')
    truths = TruthMasks(config, args.truth) if args.truth else None
    pictures: dict[str, np.ndarray] = {}
    for image in images:
        name = image.name if image.name not in pictures else str(image)
        pictures[name] = draw_one(model, image, truths)
    title = f'{Path(args.config).stem}: {Path(args.checkpoint).name}'
    columns = 1 if model.segments else min(4, len(images))
    draw_prediction_sheet(pictures, args.title or title, args.out, columns)


def draw_one(model: TrainedModel, image: Path, truths: TruthMasks | None) -> np.ndarray:
    """Returns one picture with what the model sees in it, RGB."""
    if not model.segments:
        found = predict_classification(model, image)
        return draw_scores(found.image, found.top)
    found = predict_segmentation(model, image)
    truth = truths(image) if truths else None
    return side_by_side(found.image, truth, found.mask, found.classes, found.palette)


def draw_curves(args: argparse.Namespace) -> None:
    """Draws losses and scores of several runs."""
    names = args.names or [None] * len(args.runs)
    if len(names) != len(args.runs):
        raise ConfigError(f'--names: {len(names)} names for {len(args.runs)} runs')
    runs = [read_run(path, name) for path, name in zip(args.runs, names, strict=True)]
    draw_curve_sheet(
        runs, choose_metric(runs, args.metric), args.title or 'training curves', args.out
    )


def build_parser() -> argparse.ArgumentParser:
    """Returns the tool's arguments."""
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(required=True, metavar='WHAT')

    kernels = commands.add_parser('kernels', help='the kernels of every LKCA layer')
    kernels.set_defaults(draw=draw_kernels)
    kernels.add_argument('config', metavar='CONFIG')
    kernels.add_argument('checkpoint', metavar='CHECKPOINT')
    kernels.add_argument('--layers', nargs='+', metavar='LAYER', help='these alone (default: all)')
    kernels.add_argument(
        '--max-kernels', type=positive, default=12, help='of one layer (default 12)'
    )

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
    erf.add_argument('--images', nargs='+', type=Path, required=True, metavar='FILE_OR_FOLDER')
    erf.add_argument('--names', nargs='+', metavar='NAME', help='of the models, in their order')
    erf.add_argument('--size', type=positive, help="of the images (default: the configs')")
    erf.add_argument(
        '--directions', type=positive, default=8, help='random sums of channels (default 8)'
    )
    erf.add_argument('--seed', type=int, default=0, help='of weights and sums (default 0)')
    erf.add_argument('--device', default='auto', help='auto, cpu or cuda:0 (default: auto)')
    erf.add_argument('--json', metavar='FILE', help='write the sizes as JSON')

    predictions = commands.add_parser('predictions', help='pictures, truth and predictions')
    predictions.set_defaults(draw=draw_predictions)
    predictions.add_argument('config', metavar='CONFIG')
    predictions.add_argument('checkpoint', metavar='CHECKPOINT')
    predictions.add_argument('images', nargs='+', type=Path, metavar='IMAGE_OR_FOLDER')
    predictions.add_argument(
        '--truth', type=Path, metavar='DIR', help='masks with the names of the pictures'
    )
    predictions.add_argument('--device', default='auto', help='auto, cpu or cuda:0 (default: auto)')

    curves = commands.add_parser('curves', help='loss and score of several runs')
    curves.set_defaults(draw=draw_curves)
    curves.add_argument('runs', nargs='+', metavar='RUN', help='a work dir, a record or a log')
    curves.add_argument('--metric', help='which score (default: mIoU or top-1 accuracy)')
    curves.add_argument('--names', nargs='+', metavar='NAME', help='of the runs, in their order')

    for command in (kernels, erf, predictions, curves):
        command.add_argument('--out', required=True, metavar='FILE', help='.png or .svg')
        command.add_argument('--title', help='of the picture')
        if command is not curves:
            add_trust_argument(command)
    return parser


def main(args: argparse.Namespace) -> None:
    """Draws what was asked for and says where it is."""
    check_picture_path(args.out)
    # mmengine lists every weight that it initialises.
    MMLogger.get_instance('visualize', log_level='WARNING')
    args.draw(args)
    print(f'written to {args.out}')


if __name__ == '__main__':
    sys.exit(run_command(build_parser(), main))
