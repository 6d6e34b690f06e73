"""CamVid in the 11 classes of SegNet."""

from collections.abc import Sequence
from typing import Any

from mmseg.datasets import BaseSegDataset
from mmseg.registry import DATASETS

_COLOURS = {
    'sky': [128, 128, 128],
    'building': [128, 0, 0],
    'pole': [192, 192, 128],
    'road': [128, 64, 128],
    'pavement': [60, 40, 222],
    'tree': [128, 128, 0],
    'sign symbol': [192, 128, 128],
    'fence': [64, 64, 128],
    'car': [64, 0, 128],
    'pedestrian': [64, 64, 0],
    'bicyclist': [0, 128, 192],
}
_VOID = 11


@DATASETS.register_module()
class CamVidDataset(BaseSegDataset):
    """CamVid as published with SegNet: 11 classes, and 11 for void in the masks.

    Void pixels, and those of classes left out by ``metainfo=dict(classes=...)``, become the
    ignored label 255. All arguments are those of ``mmseg.datasets.BaseSegDataset``.
    """

    METAINFO = dict(classes=tuple(_COLOURS), palette=list(_COLOURS.values()))

    def __init__(self, img_suffix: str = '.png', **kwargs: Any) -> None:
        super().__init__(img_suffix=img_suffix, **kwargs)

    @classmethod
    def get_label_map(cls, new_classes: Sequence[str] | None = None) -> dict[int, int]:
        """Returns which mask value becomes which label; None keeps all classes."""
        kept = super().get_label_map(new_classes)
        return {**(kept or {label: label for label in range(_VOID)}), _VOID: 255}
