"""mmpretrain's CIFAR, known by what its files hold instead of by their checksums."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from mmengine import dist
from mmpretrain.datasets import CIFAR10, CIFAR100
from mmpretrain.registry import DATASETS

from lkca_mm.datasets.cifar_files import CIFAR10_LAYOUT, CIFAR100_LAYOUT, CifarLayout, read_cifar
from lkca_mm.datasets.files import LaidOut, check_split
from lkca_mm.datasets.prepare.cifar import CIFAR10_SOURCE, CIFAR100_SOURCE
from lkca_mm.datasets.prepare.source import Source, prepare_source
from lkca_mm.datasets.stagewise import StagewiseBatches


class _CheckedCIFAR(StagewiseBatches, LaidOut):
    """What the two have in common; it stands before mmpretrain's class.

    Attributes:
        SOURCE: Where the data set can be had.
    """

    LAYOUT: ClassVar[CifarLayout]
    SOURCE: ClassVar[Source]

    def __init__(
        self,
        data_root: str = '',
        split: str = 'train',
        metainfo: dict | None = None,
        download: bool = False,
        allow_partial: bool = False,
        **kwargs: Any,
    ) -> None:
        check_split(self.LAYOUT, split)
        self.allow_partial = allow_partial
        super().__init__(
            data_root=data_root, split=split, metainfo=metainfo, download=download, **kwargs
        )

    @classmethod
    def locate(cls, cfg: Mapping[str, Any]) -> Path:
        """Returns the data set's folder, given the arguments of the class."""
        return Path(cfg.get('data_root') or '', cfg.get('data_prefix') or '', cls.LAYOUT.folder)

    def load_data_list(self) -> list[dict[str, Any]]:
        """Returns the pictures: ``img`` (32, 32, 3) uint8 in RGB, and ``gt_label``."""
        root = Path(self.data_prefix['root'])
        if self.download:
            if dist.is_main_process():
                prepare_source(self.SOURCE, root, allow_partial=self.allow_partial)
            dist.barrier()
        pixels, labels = read_cifar(
            self.LAYOUT, root / self.LAYOUT.folder, self.split, self.allow_partial
        )
        images = np.ascontiguousarray(pixels.reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1))
        return [
            {'img': image, 'gt_label': label}
            for image, label in zip(images, labels.tolist(), strict=True)
        ]


@DATASETS.register_module()
class CheckedCIFAR10(_CheckedCIFAR, CIFAR10):
    """CIFAR-10 from local files: 50,000 and 10,000 pictures of 32x32, 10 classes.

    mmpretrain's ``CIFAR10`` refuses files whose MD5 is not that of the published
    ones. This class takes every copy with the right rows, columns and class
    counts, and a file that it refuses is named.

    Args:
        data_root: The folder that holds ``cifar-10-batches-py``.
        split: ``'train'`` or ``'test'``.
        metainfo: As for mmpretrain's class.
        download: Whether to get the data set, checked by its MD5, if it is not there.
        allow_partial: Whether fewer (or more) pictures will do.
        **kwargs: Everything else is for ``mmpretrain.datasets.CIFAR10``.
    """

    LAYOUT = CIFAR10_LAYOUT
    SOURCE = CIFAR10_SOURCE


@DATASETS.register_module()
class CheckedCIFAR100(_CheckedCIFAR, CIFAR100):
    """CIFAR-100 from local files: 50,000 and 10,000 pictures of 32x32, 100 classes.

    Args:
        data_root: The folder that holds ``cifar-100-python``.
        split: ``'train'`` or ``'test'``.
        metainfo: As for mmpretrain's class.
        download: Whether to get the data set, checked by its MD5, if it is not there.
        allow_partial: Whether fewer (or more) pictures will do.
        **kwargs: Everything else is for ``mmpretrain.datasets.CIFAR100``.
    """

    LAYOUT = CIFAR100_LAYOUT
    SOURCE = CIFAR100_SOURCE
