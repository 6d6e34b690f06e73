"""Prints parameters and multiply-adds of configs, as the paper counts and as executed."""

import argparse
import sys
from pathlib import Path

from lkca_mm.command import run_command

from mmengine.config import Config
from mmengine.logging import MMLogger
from rich.box import SIMPLE
from rich.table import Table

from lkca_mm.complexity import build_for_counting, count_complexity
from lkca_mm.console import print_table
from lkca_mm.engine.run_config import load_config
from lkca_mm.errors import ConfigError
from lkca_mm.paper import PaperModel, load_models, load_table
from lkca_mm.trainer_flops import count_trainer_flops

CONFIGS = Path(__file__).parents[1] / 'configs'


def image_size_of(config: Config) -> tuple[int, int]:
    """Returns the size of the training images, in pixels.

    Raises:
        ConfigError: If the config does not say; then ``--shape`` must.
    """
    size = config.get('crop_size') or config.model.get('data_preprocessor', {}).get('size')
    size = size or config.model.backbone.get('img_size')
    if size is None:
        raise ConfigError(f'{config.filename}: says no image size; give --shape HEIGHT WIDTH')
    return (size, size) if isinstance(size, int) else tuple(size)


def build_parser() -> argparse.ArgumentParser:
    """Returns the tool's arguments."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('configs', nargs='*', metavar='CONFIG')
    parser.add_argument(
        '--table', type=int, metavar='N', help="our models beside the paper's Table N (1 to 7)"
    )
    parser.add_argument(
        '--shape', nargs=2, type=int, metavar=('HEIGHT', 'WIDTH'), help='image size in pixels'
    )
    return parser


def print_configs(paths: list[str], shape: tuple[int, int] | None) -> None:
    """Prints one row a config."""
    table = Table(box=SIMPLE)
    table.add_column('config', no_wrap=True)
    for name in ('image', 'params', 'FLOPs, paper', 'FLOPs, executed'):
        table.add_column(name, justify='right', no_wrap=True)
    for path in paths:
        config = load_config(path)
        size = shape or image_size_of(config)
        counts = count_complexity(build_for_counting(config), size)
        table.add_row(
            Path(path).stem,
            f'{size[0]}x{size[1]}',
            f'{counts.params / 1e6:.3f}M',
            f'{counts.paper_flops / 1e9:.3f}G',
            f'{counts.executed_flops / 1e9:.3f}G',
        )
    print_table(table)
    print(
        'FLOPs are multiply-adds of one image, auxiliary head left out. The paper counts '
        "LKCA as a convolution over all (2H-1)(2W-1) taps; 'executed' is what the chosen "
        'backend does. Table 6 of the paper prints LKCA-B with the two columns swapped '
        '(0.102G parameters, 0.115T FLOPs).'
    )


def count_row(model: PaperModel, classifies: bool) -> tuple[int, float, float]:
    """Counts the model of a row of the paper.

    Args:
        model: What is known of it.
        classifies: Whether the row is in Tables 1-5, which count every model for one
            data set, whatever that of the table.

    Returns:
        Parameters, FLOPs as the table counts them, and FLOPs as executed.
    """
    name = f'{model.counted_on}/{model.stem}_100e.py' if classifies else f'{model.stem}.py'
    config = load_config(str(CONFIGS / name))
    if model.counted_classes is not None:
        config.model.backbone.num_classes = model.counted_classes
    size = image_size_of(config)
    network = build_for_counting(config)
    counts = count_complexity(network, size)
    flops = count_trainer_flops(network, size) if classifies else counts.paper_flops
    return counts.params, flops, counts.executed_flops


def print_paper_table(number: int) -> None:
    """Prints a table of the paper with our counts beside the printed ones."""
    MMLogger.get_instance('complexity', log_level='WARNING')
    paper = load_table(number)
    classifies = paper.task == 'classification'
    unit, scale = ('M', 1e6) if classifies else ('G', 1e9)
    table = Table(box=SIMPLE, title=f'Table {number}, paper / ours')
    for name in ('model', 'config'):
        table.add_column(name, no_wrap=True)
    for name in ('params', '', 'FLOPs', '', 'FLOPs, executed'):
        table.add_column(name, justify='right', no_wrap=True)
    notes, models = [], load_models()
    # A model that Table 6 or 7 scores at several iterations is counted once.
    rows = {row.config: row for row in paper.rows}
    for stem, row in rows.items():
        params, flops, executed = count_row(models[stem], classifies)
        table.add_row(
            row.model,
            stem,
            f'{row.params / 1e6:.2f}M',
            f'{params / 1e6:.3f}M',
            f'{row.flops / scale:.2f}{unit}',
            f'{flops / scale:.3f}{unit}',
            f'{executed / scale:.3f}{unit}',
        )
        if models[stem].note:
            notes.append(f'{row.model}: {models[stem].note}')
    print_table(table)
    if classifies:
        print(
            'FLOPs by the rule that gives the printed digits, which are for 32x32 and 10 classes '
            'or, of models in Table 5 alone, for 64x64 and 200: products written as einsum or @ '
            "do not count, nor the kernels of LKCA; 'executed' counts both."
        )
    print('\n'.join(filter(None, [paper.erratum, *notes])))


def main(args: argparse.Namespace) -> None:
    """Prints the counts of configs, or of one of the paper's tables."""
    if args.table is not None:
        if args.configs or args.shape:
            raise ConfigError('--table stands alone: leave out the configs and --shape')
        print_paper_table(args.table)
    elif args.configs:
        print_configs(args.configs, tuple(args.shape) if args.shape else None)
    else:
        raise ConfigError('name configs, or a table of the paper with --table N')


if __name__ == '__main__':
    sys.exit(run_command(build_parser(), main))
