"""Prints parameters and multiply-adds of configs, as the paper counts and as executed."""

import argparse
import sys


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


def main(args: argparse.Namespace) -> None:
    """Prints the counts of configs, or of one of the paper's tables."""
    from mmengine.logging import MMLogger

    from lkca_mm.errors import ConfigError
    from lkca_mm.paper.counts import config_counts, paper_counts

    MMLogger.get_instance('complexity', log_level='WARNING')
    if bool(args.configs) == (args.table is not None):
        raise ConfigError('name configs, or a table of the paper with --table N, and not both')
    table = paper_counts(args.table) if args.table else config_counts(args.configs, args.shape)
    print(table.markdown(aligned=True))


if __name__ == '__main__':
    args = build_parser().parse_args()
    from lkca_mm.command import run_tool

    sys.exit(run_tool(main, args))
