"""Whether the data that a config names are there, looked up before a run begins."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mmengine.config import Config
from mmengine.fileio import list_dir_or_file
from mmengine.registry import DATASETS
from mmseg.datasets import BaseSegDataset

from lkca_mm.errors import DataError

HOW_TO_GET = '; python tools/prepare_data.py gets published data sets'


def check_data(config: Config, loaders: tuple[str, ...]) -> None:
    """Looks for the data of mmseg's and this package's data sets, by the names of files alone.

    Args:
        config: The config.
        loaders: Keys of the data loaders that the run will use.

    Raises:
        DataError: If a file or folder is missing, or an image has no mask.
    """
    with DATASETS.switch_scope_and_registry(config.get('default_scope')) as registry:
        for loader in loaders:
            for settings in innermost((config.get(loader) or {}).get('dataset')):
                settings.pop('_scope_', None)  # mmengine's mark of another package's base
                kind = settings.pop('type', None)
                kind = registry.get(kind) if isinstance(kind, str) else kind
                if not isinstance(kind, type) or settings.get('backend_args'):
                    continue  # the run itself says what is wrong with it
                settings.update(pipeline=[], lazy_init=True)
                if issubclass(kind, BaseSegDataset):
                    # One that pairs files in its own way says itself what is missing.
                    if kind.load_data_list is BaseSegDataset.load_data_list:
                        check_pairs(kind(**settings))
                elif hasattr(kind, 'check_files'):
                    kind(**settings).check_files()


def innermost(cfg: Any) -> Iterator[dict[str, Any]]:
    """Yields the settings of the data sets inside ``RepeatDataset`` and the like."""
    inner = cfg.get('datasets', cfg.get('dataset')) if cfg else []
    if inner is None:
        yield dict(cfg)
    else:
        for one in inner if isinstance(inner, list | tuple) else [inner]:
            yield from innermost(one)


def check_pairs(dataset: BaseSegDataset, both_ways: bool = False) -> int:
    """Looks for the mask of every image, by name.

    Args:
        dataset: The data set; it need not be initialised.
        both_ways: Whether a mask without an image is an error, and no warning.

    Returns:
        The number of images.

    Raises:
        DataError: If a folder is missing or empty, or a file has no counterpart.
    """
    images, masks = (dataset.data_prefix.get(key) for key in ('img_path', 'seg_map_path'))
    for folder in filter(None, (images, masks)):
        if not Path(folder).is_dir():
            raise DataError(f'{folder} does not exist{HOW_TO_GET}')
    samples = dataset.load_data_list()
    if not samples:
        raise DataError(f'{images} holds no images that end with {dataset.img_suffix}{HOW_TO_GET}')
    if masks is None:
        return len(samples)
    wanted = {Path(sample['seg_map_path']) for sample in samples}
    names = list_dir_or_file(masks, False, suffix=dataset.seg_map_suffix, recursive=True)
    found = {Path(masks, name) for name in names}  # in linked folders too, as mmseg's images
    if gone := sorted(wanted - found):
        raise DataError(f'{gone[0]} does not exist ({len(gone)} images of {images} have no mask)')
    if stray := sorted(found - wanted):
        words = f'{stray[0]} has no image in {images} that ends with {dataset.img_suffix}'
        if both_ways:
            raise DataError(words)
        if not dataset.ann_file:  # a list of names may leave out some
            print(f'warning: {words} ({len(stray)} such masks)', file=sys.stderr)
    return len(samples)
