"""What data sets of mmpretrain that lie in a folder of their own have in common."""

from typing import Any

from mmpretrain.datasets import BaseDataset

from lkca_mm.datasets.files import LaidOut, check_split
from lkca_mm.datasets.stagewise import StagewiseBatches


class LocalDataset(StagewiseBatches, LaidOut, BaseDataset):
    """A published data set in ``data_root``, with ``LAYOUT`` and ``load_data_list`` to add.

    Args:
        data_root: The folder of the data set.
        split: One of the layout's splits.
        metainfo: As for mmpretrain's ``BaseDataset``.
        allow_partial: Whether other counts than the official ones will do.
        **kwargs: Everything else is for mmpretrain's ``BaseDataset``.

    Raises:
        DataError: If there is no such split.
    """

    def __init__(
        self,
        data_root: str,
        split: str = 'train',
        metainfo: dict | None = None,
        allow_partial: bool = False,
        **kwargs: Any,
    ) -> None:
        check_split(self.LAYOUT, split)
        self.split = split
        self.allow_partial = allow_partial
        super().__init__(ann_file='', metainfo=metainfo, data_root=data_root, **kwargs)

    def extra_repr(self) -> list[str]:
        """Returns what else to say about the data set."""
        return [f'Folder: \t{self.data_root}', f'Split: \t{self.split}']
