"""A table of texts, and its three ways onto a page."""

from dataclasses import dataclass, field
from typing import Any

from rich.box import SIMPLE
from rich.table import Table as RichTable
from rich.text import Text

NOTHING = 'Nothing measured yet.'


@dataclass
class Table:
    """Cells are texts, empty where nothing was measured.

    Attributes:
        name: What the markers in documents call it.
        columns: Column heads.
        rows: A list of cells a row.
        left: Number of columns, from the first, that hold words and not figures.
        notes: Sentences below it.
    """

    name: str
    columns: list[str]
    rows: list[list[str]] = field(default_factory=list)
    left: int = 1
    notes: list[str] = field(default_factory=list)

    def markdown(self) -> str:
        """Returns the table in Markdown, its notes below it."""
        if not self.rows:
            return NOTHING
        rule = ['---' if index < self.left else '---:' for index in range(len(self.columns))]
        lines = [_line(self.columns), '|' + '|'.join(rule) + '|', *map(_line, self.rows)]
        for note in self.notes:
            lines += ['', note]
        return '\n'.join(lines)

    def rich(self) -> RichTable:
        """Returns the table for a terminal."""
        table = RichTable(title=self.name, box=SIMPLE, caption='\n'.join(self.notes) or None)
        for index, name in enumerate(self.columns):
            side = 'left' if index < self.left else 'right'
            table.add_column(Text(name), justify=side, overflow='fold')
        for row in self.rows:
            table.add_row(*map(Text, row))
        return table

    def data(self) -> dict[str, Any]:
        """Returns the table as JSON can hold it."""
        return {'columns': self.columns, 'rows': self.rows, 'notes': self.notes}


def _line(cells: list[str]) -> str:
    # An empty cell is one space wide, and a bar within a cell would end it.
    return '| ' + ' | '.join(cell.replace('|', '\\|') for cell in cells) + ' |'
