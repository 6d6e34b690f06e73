"""Tiny-ImageNet-200 as its archive unpacks."""

from pathlib import Path
from typing import Any

from mmpretrain.datasets import BaseDataset
from mmpretrain.registry import DATASETS

from lkca_mm.datasets.files import LaidOut, check_split
from lkca_mm.datasets.stagewise import StagewiseBatches
from lkca_mm.datasets.tiny_imagenet_classes import CLASSES
from lkca_mm.datasets.tiny_imagenet_files import TINY_IMAGENET_LAYOUT, list_tiny_imagenet


@DATASETS.register_module()
class TinyImageNet(StagewiseBatches, LaidOut, BaseDataset):
    """Tiny-ImageNet-200: 100,000 and 10,000 images of 64x64, 200 classes.

    The label of a class is the place of its WordNet number among all 200, sorted,
    as in ImageNet. About one image in fifty is grey; ``LoadCheckedImage`` makes
    three channels of it.

    Args:
        data_root: The folder that holds ``wnids.txt``, ``train`` and ``val``.
        split: ``'train'`` or ``'val'``. The labels of the test set are not public.
        metainfo: As for mmpretrain's ``BaseDataset``.
        allow_partial: Whether fewer (or more) than 500 and 50 images of a class
            will do.
        **kwargs: Everything else is for ``mmpretrain.datasets.BaseDataset``.
    """

    METAINFO = {'classes': tuple(CLASSES.values())}
    LAYOUT = TINY_IMAGENET_LAYOUT

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

    def load_data_list(self) -> list[dict[str, Any]]:
        """Returns the images: ``img_path`` and ``gt_label``."""
        listed = list_tiny_imagenet(
            self.LAYOUT, Path(self.data_root), self.split, self.allow_partial
        )
        return [{'img_path': path, 'gt_label': label} for path, label in listed]

    def extra_repr(self) -> list[str]:
        """Returns what else to say about the data set."""
        return [f'Folder: \t{self.data_root}', f'Split: \t{self.split}']
