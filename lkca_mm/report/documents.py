"""Tables between markers in Markdown files: ``<!-- report: NAME -->`` ... ``<!-- /report -->``."""

import re
import shutil
from pathlib import Path

from lkca_mm.errors import DataError
from lkca_mm.report.table import Table

_BLOCK = re.compile(
    r'(?P<open><!-- report: (?P<name>[\w-]+) -->\n)(?P<text>.*?)(?P<close><!-- /report -->)', re.S
)
_MARKER = re.compile(r'<!-- (?:report:.*?|/report) -->')


def _read(path: Path, tables: dict[str, Table]) -> str:
    """Returns the text of a file whose markers are in order."""
    try:
        text = path.read_text(encoding='utf-8')
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f'{path}: cannot be read ({error})') from error
    names = [match['name'] for match in _BLOCK.finditer(text)]
    if not names or 2 * len(names) != len(_MARKER.findall(text)):
        raise DataError(
            f'{path}: needs pairs of <!-- report: NAME --> and <!-- /report -->, '
            'each in a line of its own'
        )
    for name in names:
        if name not in tables:
            known = ', '.join(tables)
            raise DataError(f'{path}: <!-- report: {name} --> is no table; there are {known}')
    return text


def _content(table: Table) -> str:
    return f'\n{table.markdown()}\n\n'


def out_of_date(path: Path, tables: dict[str, Table]) -> list[str]:
    """Returns the names of a file's tables that are not what the records say.

    Args:
        path: A Markdown file.
        tables: The tables, keyed by name.

    Raises:
        DataError: If it has no markers, or one of them names no table.
    """
    text = _read(path, tables)
    return [
        match['name']
        for match in _BLOCK.finditer(text)
        if match['text'] != _content(tables[match['name']])
    ]


def write_tables(paths: list[Path], tables: dict[str, Table]) -> list[Path]:
    """Replaces what stands between the markers; each file changes whole or not at all.

    Args:
        paths: Markdown files. All are read before the first is written.
        tables: The tables, keyed by name.

    Returns:
        The files that changed.

    Raises:
        DataError: If a file has no markers, or one of them names no table.
    """
    changed = {}
    for path in paths:
        old = _read(path, tables)
        new = _BLOCK.sub(
            lambda match: match['open'] + _content(tables[match['name']]) + match['close'], old
        )
        if new != old:
            changed[path] = new
    for path, text in changed.items():
        part = path.with_name(path.name + '.part')
        part.write_text(text, encoding='utf-8')
        shutil.copymode(path, part)
        part.replace(path)
    return list(changed)
