"""Prints parameters and multiply-adds of configs, as the paper counts and as executed."""

import argparse
import sys
from pathlib import Path

from lkca_mm.command import run_command

from mmengine.config import Config
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from lkca_mm.complexity import build_for_counting, count_complexity
from lkca_mm.engine.run_config import load_config
from lkca_mm.errors import ConfigError


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
    parser.add_argument('configs', nargs='+', metavar='CONFIG')
    parser.add_argument(
        '--shape', nargs=2, type=int, metavar=('HEIGHT', 'WIDTH'), help='image size in pixels'
    )
    return parser


def main(args: argparse.Namespace) -> None:
    """Prints one row a config."""
    table = Table(box=SIMPLE)
    table.add_column('config', no_wrap=True)
    for name in ('image', 'params', 'FLOPs, paper', 'FLOPs, executed'):
        table.add_column(name, justify='right', no_wrap=True)
    for path in args.configs:
        config = load_config(path)
        size = tuple(args.shape) if args.shape else image_size_of(config)
        counts = count_complexity(build_for_counting(config), size)
        table.add_row(
            Path(path).stem,
            f'{size[0]}x{size[1]}',
            f'{counts.params / 1e6:.3f}M',
            f'{counts.paper_flops / 1e9:.3f}G',
            f'{counts.executed_flops / 1e9:.3f}G',
        )
    # Rich takes a pipe for a terminal of 80 columns and would cut the figures.
    Console(width=None if sys.stdout.isatty() else 110).print(table)
    print(
        'FLOPs are multiply-adds of one image, auxiliary head left out. The paper counts '
        "LKCA as a convolution over all (2H-1)(2W-1) taps; 'executed' is what the chosen "
        'backend does. Table 6 of the paper prints LKCA-B with the two columns swapped '
        '(0.102G parameters, 0.115T FLOPs).'
    )


if __name__ == '__main__':
    sys.exit(run_command(build_parser(), main))
