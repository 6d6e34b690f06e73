"""CamVid in the 11 classes of SegNet."""

from collections.abc import Sequence
from typing import Any

from mmseg.datasets import BaseSegDataset
from mmseg.registry import DATASETS


@DATASETS.register_module()
class CamVidDataset(BaseSegDataset):
    """CamVid as published with SegNet: 11 classes, and 11 = void in the masks.

    Void pixels, and those of classes left out by ``metainfo=dict(classes=...)``,
    become the ignored label 255.

    Args:
        img_suffix: What image names end with.
        seg_map_suffix: What mask names end with.
        **kwargs: Everything else is for ``mmseg.datasets.BaseSegDataset``.
    """

    METAINFO = dict(
        classes=(
            'sky',
            'building',
            'pole',
            'road',
            'pavement',
            'tree',
            'sign symbol',
            'fence',
            'car',
            'pedestrian',
            'bicyclist',
        ),
        palette=[
            [128, 128, 128],
            [128, 0, 0],
            [192, 192, 128],
            [128, 64, 128],
            [60, 40, 222],
            [128, 128, 0],
            [192, 128, 128],
            [64, 64, 128],
            [64, 0, 128],
            [64, 64, 0],
            [0, 128, 192],
        ],
    )
    VOID = 11

    def __init__(
        self, img_suffix: str = '.png', seg_map_suffix: str = '.png', **kwargs: Any
    ) -> None:
        super().__init__(img_suffix=img_suffix, seg_map_suffix=seg_map_suffix, **kwargs)

    @classmethod
    def get_label_map(cls, new_classes: Sequence[str] | None = None) -> dict[int, int]:
        """Returns which mask value becomes which label.

        Args:
            new_classes: The classes to keep, in their new order; all if None.
        """
        chosen = super().get_label_map(new_classes)
        if chosen is None:
            chosen = {label: label for label in range(len(cls.METAINFO['classes']))}
        return {**chosen, cls.VOID: 255}
