"""Looks for configs that build on themselves."""

import ast
from pathlib import Path

from lkca_mm.errors import ConfigError


def check_bases(path: Path, above: tuple[Path, ...] = ()) -> None:
    """Follows ``_base_`` from file to file, which mmengine would do until its stack is full.

    Only what is plain to see is looked at: texts in a Python file, of files that exist.

    Args:
        path: The config.
        above: The configs that led to it.

    Raises:
        ConfigError: If one is among its own bases.
    """
    path = path.resolve()
    if path in above:
        raise ConfigError(f'{above[-1]}: has {path.name} in `_base_`, which builds on it')
    for base in _bases(path):
        if (path.parent / base).is_file():
            check_bases(path.parent / base, (*above, path))


def _bases(path: Path) -> list[str]:
    if path.suffix != '.py':
        return []
    try:
        statements = ast.parse(path.read_text(encoding='utf-8')).body
    except (OSError, ValueError, SyntaxError, RecursionError, MemoryError):
        return []  # mmengine says what is wrong with it
    for statement in statements:
        if not isinstance(statement, ast.Assign):
            continue
        if getattr(statement.targets[0], 'id', None) != '_base_':
            continue
        try:
            value = ast.literal_eval(statement.value)
        except ValueError:
            return []
        found = [value] if isinstance(value, str) else value
        texts = isinstance(found, (list, tuple)) and all(isinstance(one, str) for one in found)
        return list(found) if texts else []
    return []
