"""Training that goes on over samples that cannot be read."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mmengine.registry import DATASETS

from lkca_mm.datasets.wrapper import DatasetWrapper
from lkca_mm.errors import DataError

_MOST_IN_A_ROW = 100


@DATASETS.register_module()
class SkippingDataset(DatasetWrapper):
    """Takes the next sample in place of one that cannot be read, and notes which it was.

    Args:
        dataset: The data set, or its config.
        notes: The text file that gets a line for every sample left out.
    """

    def __init__(self, dataset: Any, notes: str | Path) -> None:
        super().__init__(dataset)
        self.notes = Path(notes)

    def __getitem__(self, index: int) -> Any:
        """Returns a sample, or the first after it that can be read.

        Raises:
            DataError: If a hundred in a row cannot.
        """
        for step in range(_MOST_IN_A_ROW):
            try:
                return self.dataset[(index + step) % len(self)]
            except DataError as error:
                self._note(error)
                last = error
        raise DataError(f'{last} (and {_MOST_IN_A_ROW - 1} samples before it cannot be read)')

    def __getitems__(self, indices: Sequence[int]) -> list[Any]:
        """Returns a batch, made at once if the data set can do so and every sample is whole."""
        if hasattr(self.dataset, '__getitems__'):
            try:
                return self.dataset.__getitems__(indices)
            except DataError:
                pass  # the one that is at fault is found, and noted, below
        return [self[index] for index in indices]

    def _note(self, error: DataError) -> None:
        # A short line is appended whole, also when several workers do so at once.
        with self.notes.open('a', encoding='utf-8') as file:
            file.write(f'{error}\n')


def count_notes(notes: str | Path) -> int:
    """Returns how many samples a :class:`SkippingDataset` has left out."""
    notes = Path(notes)
    return len(notes.read_text(encoding='utf-8').splitlines()) if notes.exists() else 0
