"""Street View House Numbers, cropped to single digits."""

from pathlib import Path
from typing import Any

import numpy as np
from mmpretrain.registry import DATASETS

from lkca_mm.datasets.local import LocalDataset
from lkca_mm.datasets.svhn_files import SVHN_LAYOUT, read_svhn


@DATASETS.register_module()
class SVHN(LocalDataset):
    """SVHN: 73,257 and 26,032 digits of 32x32, 10 classes; the label is the digit.

    Args:
        data_root: The folder that holds ``train_32x32.mat`` and ``test_32x32.mat``.
        split: ``'train'``, ``'test'``, or ``'extra'`` (531,131 easier digits in
            ``extra_32x32.mat``, which ``tools/prepare_data.py`` does not download).
        metainfo: As for mmpretrain's ``BaseDataset``.
        allow_partial: Whether other counts than the official ones will do, for
            example those of a hold-out split.
        **kwargs: Everything else is for ``mmpretrain.datasets.BaseDataset``.
    """

    METAINFO = {'classes': tuple('0123456789')}
    LAYOUT = SVHN_LAYOUT

    def load_data_list(self) -> list[dict[str, Any]]:
        """Returns the pictures: ``img`` (32, 32, 3) uint8 in RGB, and ``gt_label``."""
        pixels, labels = read_svhn(
            self.LAYOUT, Path(self.data_root), self.split, self.allow_partial
        )
        images = np.ascontiguousarray(pixels.transpose(3, 0, 1, 2))
        return [
            {'img': image, 'gt_label': label}
            for image, label in zip(images, labels.tolist(), strict=True)
        ]
