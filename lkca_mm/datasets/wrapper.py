"""What data sets that stand before another one have in common."""

from typing import Any

from mmengine.registry import DATASETS


class DatasetWrapper:
    """Answers for another data set.

    Args:
        dataset: The data set, or its config.
    """

    def __init__(self, dataset: Any) -> None:
        self.dataset = DATASETS.build(dataset) if isinstance(dataset, dict) else dataset

    @property
    def metainfo(self) -> dict[str, Any]:
        """The names of the classes, and what else there is."""
        return self.dataset.metainfo

    def full_init(self) -> None:
        """Loads the list of samples, if that was put off."""
        if hasattr(self.dataset, 'full_init'):
            self.dataset.full_init()

    def __len__(self) -> int:
        return len(self.dataset)
