"""Draws the tables of README.md and docs/results.md from the records in results/."""

import argparse
import json
import sys
from pathlib import Path

from lkca_mm.command import run_command

from lkca_mm.console import print_table
from lkca_mm.errors import ConfigError, DataError, shown
from lkca_mm.report import NAMES, build_tables
from lkca_mm.report.documents import out_of_date, write_tables


def build_parser() -> argparse.ArgumentParser:
    """Returns the tool's arguments."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('tables', nargs='*', metavar='TABLE', help=f'of {", ".join(NAMES)}')
    parser.add_argument('--results', default='results', metavar='DIR', help='the records')
    parser.add_argument('--format', choices=['text', 'markdown', 'json'], default='markdown')
    action = parser.add_mutually_exclusive_group()
    action.add_argument(
        '--write', nargs='+', type=Path, metavar='FILE', help='replace the tables in documents'
    )
    action.add_argument(
        '--check', nargs='+', type=Path, metavar='FILE', help='fail if one is out of date'
    )
    return parser


def main(args: argparse.Namespace) -> None:
    """Prints tables, writes them into documents, or checks those there."""
    if not Path(args.results).is_dir():
        raise ConfigError(f'--results {shown(args.results)}: there is no such folder')
    for name in args.tables:
        if name not in NAMES:
            raise ConfigError(f'{shown(name)}: is no table; there are {", ".join(NAMES)}')
    tables = build_tables(args.results)
    if args.check:
        old = [f'{path}: {name}' for path in args.check for name in out_of_date(path, tables)]
        if old:
            files = ' '.join(map(str, args.check))
            raise DataError(
                f'out of date: {", ".join(old)}; run python tools/report.py --write {files}'
            )
        return
    if args.write:
        for path in write_tables(args.write, tables):
            print(f'wrote {path}')
        return
    chosen = [tables[name] for name in args.tables or NAMES]
    if args.format == 'json':
        print(json.dumps({table.name: table.data() for table in chosen}, indent=2))
    elif args.format == 'markdown':
        print('\n\n'.join(f'## {table.name}\n\n{table.markdown()}' for table in chosen))
    else:
        for table in chosen:
            print_table(table.rich())


if __name__ == '__main__':
    sys.exit(run_command(build_parser(), main))
