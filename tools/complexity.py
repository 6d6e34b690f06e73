"""Prints parameters and multiply-adds of configs, as the paper counts and as executed."""

import argparse
import sys
from typing import Any


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
    parser.add_argument('--debug', action='store_true', help='show the traceback of an error')
    return parser


def count_configs(paths: list[str], size: list[int] | None) -> Any:
    """Returns the counts of configs, for images of (height, width) or of the config's size."""
    from lkca_mm.config import image_size_of, load_config
    from lkca_mm.paper.counts import build_for_counting, count_complexity
    from lkca_mm.paper.report import Table

    table = Table('complexity', ['config', 'image', 'params', 'FLOPs, paper', 'FLOPs, executed'])
    for path in paths:
        config = load_config(path)
        height, width = size or image_size_of(config)
        params, paper, executed = count_complexity(build_for_counting(config), (height, width))
        flops = [f'{paper / 1e9:.3f}G', f'{executed / 1e9:.3f}G']
        table.rows.append([path, f'{height}x{width}', f'{params / 1e6:.3f}M', *flops])
    table.notes.append(
        'FLOPs are multiply-adds of one image, auxiliary head left out. The paper counts LKCA as '
        "a convolution over all (2H-1)(2W-1) taps; 'executed' is what the chosen backend does."
    )
    return table


def main(args: argparse.Namespace) -> None:
    """Prints the counts of configs, or of one of the paper's tables."""
    from mmengine.logging import MMLogger

    from lkca_mm.errors import ConfigError
    from lkca_mm.paper.counts import paper_counts

    MMLogger.get_instance('complexity', log_level='WARNING')
    if bool(args.configs) == (args.table is not None):
        raise ConfigError('name configs, or a table of the paper with --table N, and not both')
    counts = count_configs(args.configs, args.shape) if args.configs else paper_counts(args.table)
    print(counts.markdown(aligned=True))


if __name__ == '__main__':
    args = build_parser().parse_args()
    from lkca_mm.command import run_tool

    sys.exit(run_tool(main, args))
