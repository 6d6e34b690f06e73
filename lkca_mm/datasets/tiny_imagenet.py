"""Tiny-ImageNet-200 as its archive unpacks."""

from pathlib import Path
from typing import Any

from mmpretrain.registry import DATASETS

from lkca_mm.datasets.local import LocalDataset
from lkca_mm.datasets.tiny_imagenet_classes import CLASSES
from lkca_mm.datasets.tiny_imagenet_files import TINY_IMAGENET_LAYOUT, list_tiny_imagenet


@DATASETS.register_module()
class TinyImageNet(LocalDataset):
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

    def load_data_list(self) -> list[dict[str, Any]]:
        """Returns the images: ``img_path`` and ``gt_label``."""
        listed = list_tiny_imagenet(
            self.LAYOUT, Path(self.data_root), self.split, self.allow_partial
        )
        return [{'img_path': path, 'gt_label': label} for path, label in listed]
