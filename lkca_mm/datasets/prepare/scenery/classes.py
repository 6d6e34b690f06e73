"""The classes that appear in Scenes, and their values in ADE20K's masks."""

from functools import lru_cache

SCENE_CLASSES = (
    'wall',
    'building',
    'sky',
    'floor',
    'tree',
    'ceiling',
    'road',
    'windowpane',
    'grass',
    'sidewalk',
    'person',
    'door',
    'table',
    'chair',
    'car',
    'painting',
    'sofa',
    'fence',
    'lamp',
    'streetlight',
)
UNNAMED = 0


@lru_cache(maxsize=1)
def mask_values() -> dict[str, int]:
    """Returns the value of each class in a mask: its index in ADE20K plus 1."""
    from mmseg.datasets import ADE20KDataset

    order = ADE20KDataset.METAINFO['classes']
    return {name: order.index(name) + 1 for name in SCENE_CLASSES}
