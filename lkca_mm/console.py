"""Tables on a terminal, or in a file."""

import sys

from rich.console import Console
from rich.table import Table

# Rich takes a pipe for a terminal of 80 columns and would cut or fold the figures.
_WIDTH_OF_A_PIPE = 160


def print_table(table: Table) -> None:
    """Prints a table as wide as the terminal, or as wide as it needs."""
    Console(width=None if sys.stdout.isatty() else _WIDTH_OF_A_PIPE).print(table)
