"""How a transfer shows that it is alive: a bar on a terminal, a line now and then elsewhere."""

import time
from types import TracebackType

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)


def _readable(size: float) -> str:
    """Returns a number of bytes in the unit that reads best."""
    for unit in ('B', 'kB', 'MB'):
        if size < 1000:
            return f'{size:.0f} {unit}'
        size /= 1000
    return f'{size:.2f} GB'


class TransferProgress:
    """Shows bytes, speed and remaining time of one transfer, on stderr.

    Args:
        label: What is being transferred.
        interval: Seconds between two lines where stderr is not a terminal.
        console: Where to write; stderr if None.
    """

    def __init__(self, label: str, interval: float = 15.0, console: Console | None = None) -> None:
        self._label = label
        self._interval = interval
        self._console = console or Console(stderr=True, soft_wrap=True, highlight=False)
        self._bar: Progress | None = None
        if self._console.is_terminal:
            self._bar = Progress(
                TextColumn('{task.description}'),
                BarColumn(),
                DownloadColumn(),
                TransferSpeedColumn(),
                TimeRemainingColumn(),
                console=self._console,
            )
            self._task = self._bar.add_task(label, total=None)
        self._done = 0
        self._total: int | None = None
        self._next_line = time.monotonic() + interval

    def __enter__(self) -> 'TransferProgress':
        if self._bar is not None:
            self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def start(self, done: int, total: int | None) -> None:
        """Says how many bytes are here already, and how many there will be."""
        self._done, self._total = done, total
        if self._bar is not None:
            self._bar.update(self._task, completed=done, total=total)

    def advance(self, count: int) -> None:
        """Counts ``count`` more bytes."""
        self._done += count
        if self._bar is not None:
            self._bar.update(self._task, completed=self._done)
        elif time.monotonic() >= self._next_line:
            total = '' if self._total is None else f' of {_readable(self._total)}'
            self.note(f'{self._label}: {_readable(self._done)}{total}')
            self._next_line = time.monotonic() + self._interval

    def note(self, text: str) -> None:
        """Writes one line above the bar."""
        self._console.print(text, markup=False)
