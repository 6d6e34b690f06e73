"""Draws the tables of README.md and of the docs from the records in results/."""

import argparse
import sys
from pathlib import Path


def build_parser() -> argparse.ArgumentParser:
    """Returns the tool's arguments."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('tables', nargs='*', metavar='TABLE', help='as comparison (default: all)')
    parser.add_argument('--results', default='results', metavar='DIR', help='the records')
    parser.add_argument('--format', choices=['text', 'markdown', 'json'], default='markdown')
    action = parser.add_mutually_exclusive_group()
    action.add_argument(
        '--write', nargs='+', type=Path, metavar='FILE', help='replace the tables in documents'
    )
    action.add_argument(
        '--check', nargs='+', type=Path, metavar='FILE', help='fail if one is out of date'
    )
    parser.add_argument('--debug', action='store_true', help='show the traceback of an error')
    return parser


def main(args: argparse.Namespace) -> None:
    """Prints tables, writes them into documents, or checks those there."""
    import dataclasses
    import json

    from lkca_mm.errors import ConfigError, DataError
    from lkca_mm.files import write_text
    from lkca_mm.paper.report import build_tables, updated

    tables = build_tables(args.results)
    if unknown := [name for name in args.tables if name not in tables]:
        raise ConfigError(f'{unknown[0]}: is not a table; there are {", ".join(tables)}')
    texts = {path: updated(path, tables) for path in args.write or args.check or []}
    old = [path for path, text in texts.items() if text != path.read_text(encoding='utf-8')]
    if args.check and old:
        names = ' '.join(map(str, old))
        raise DataError(f'out of date: {names}; run python tools/report.py --write {names}')
    for path in old:
        write_text(path, texts[path])
        print(f'wrote {path}')
    if texts:
        return
    chosen = [tables[name] for name in args.tables or tables]
    if args.format == 'json':
        print(json.dumps({table.name: dataclasses.asdict(table) for table in chosen}, indent=2))
        return
    for table in chosen:
        print(f'## {table.name}\n\n{table.markdown(aligned=args.format == "text")}\n')


if __name__ == '__main__':
    args = build_parser().parse_args()
    from lkca_mm.command import run_tool

    sys.exit(run_tool(main, args))
