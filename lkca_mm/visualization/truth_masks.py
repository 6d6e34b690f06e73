"""The ground truth of single pictures, read as a config's test set reads it."""

from pathlib import Path

import numpy as np
from mmengine.config import Config
from mmengine.registry import DATASETS, TRANSFORMS

from lkca_mm.errors import ConfigError, DataError, shown
from lkca_mm.inference.metainfo import find_test_dataset

_MASK_LOADERS = ('LoadCheckedMask', 'LoadAnnotations')


class TruthMasks:
    """Reads the masks that lie beside pictures.

    Args:
        config: The config; its default scope is active.
        folder: Holds one mask a picture, of the picture's name and the mask suffix
            of the config's test set.

    Raises:
        ConfigError: If the config's test set loads no masks.
        DataError: If there is no such folder.
    """

    def __init__(self, config: Config, folder: Path) -> None:
        if not folder.is_dir():
            raise DataError(f'{folder}: there is no such folder of masks')
        settings = dict(find_test_dataset(config))
        loaders = [
            step
            for step in settings.get('pipeline') or ()
            if str(step['type']).rpartition('.')[2] in _MASK_LOADERS
        ]
        if not loaders:
            raise ConfigError(f'{config.filename}: its test set loads no masks to compare with')
        # The data set alone knows what its masks' values mean; it reads no file here.
        settings.update(pipeline=[], lazy_init=True)
        with DATASETS.switch_scope_and_registry(None) as registry:
            self._dataset = registry.build(settings)
        with TRANSFORMS.switch_scope_and_registry(None) as registry:
            self._load = registry.build(dict(loaders[0]))
        self._folder = folder

    def __call__(self, image_path: Path) -> np.ndarray:
        """Reads the mask of a picture.

        Args:
            image_path: The picture's file.

        Returns:
            Class indices of shape (H, W); 255 where no class is.

        Raises:
            DataError: If the mask is missing or cannot be one of this data set.
        """
        path = self._folder / f'{image_path.stem}{self._dataset.seg_map_suffix}'
        if not path.is_file():
            raise DataError(f'{shown(path)}: there is no mask of {image_path.name}')
        results = {
            'seg_map_path': str(path),
            'reduce_zero_label': self._dataset.reduce_zero_label,
            'label_map': self._dataset.label_map,
            'seg_fields': [],
        }
        return self._load(results)['gt_seg_map']
