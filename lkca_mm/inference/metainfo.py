"""The names and colours of the classes that a model predicts."""

from collections.abc import Sequence
from typing import Any

from mmengine.config import Config
from mmengine.registry import DATASETS

from lkca_mm.visualization.palette import default_palette

Metainfo = dict[str, Any]


def find_test_dataset(config: Config) -> dict[str, Any]:
    """Returns the settings of the test set, without what is wrapped around it; {} if none."""
    loader = config.get('test_dataloader') or {}
    dataset = loader.get('dataset') or {}
    while 'dataset' in dataset:
        dataset = dataset['dataset']
    return dataset


def _of_config(config: Config) -> Metainfo:
    dataset = find_test_dataset(config)
    metainfo: Metainfo = {}
    kind = dataset.get('type')
    if kind is not None:
        with DATASETS.switch_scope_and_registry(None) as registry:
            kind = registry.get(kind) if isinstance(kind, str) else kind
        metainfo.update(getattr(kind, 'METAINFO', {}))
    override = dataset.get('metainfo') or {}
    if 'classes' in override:
        # Other classes than the data set's own: its colours are not theirs.
        metainfo.pop('palette', None)
    return {**metainfo, **override}


def find_metainfo(checkpoint: dict[str, Any], config: Config) -> Metainfo:
    """Looks in the checkpoint first, then in the config's test set.

    Args:
        checkpoint: The checkpoint, with its ``meta``.
        config: The config; its default scope is active.

    Returns:
        A dict with the keys ``classes`` and ``palette``; None stands for unknown.
    """
    found = (checkpoint.get('meta') or {}).get('dataset_meta') or {}
    if not found.get('classes'):
        found = _of_config(config)
    classes = found.get('classes')
    known = isinstance(classes, Sequence) and not isinstance(classes, str)
    return {'classes': list(classes) if known else None, 'palette': found.get('palette') or None}


def complete_metainfo(metainfo: Metainfo, num_classes: int) -> Metainfo:
    """Fills in numbered names and default colours where none are known.

    Args:
        metainfo: What :func:`find_metainfo` returned.
        num_classes: Number of classes that the model tells apart.

    Returns:
        A dict with the keys ``classes`` and ``palette``, both lists.
    """
    classes = metainfo['classes'] or [f'class {index}' for index in range(num_classes)]
    palette = metainfo['palette']
    if palette is None or len(palette) < len(classes):
        palette = default_palette(len(classes))
    return {'classes': classes, 'palette': [list(colour) for colour in palette]}
