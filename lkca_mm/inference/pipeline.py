"""The test pipeline of a config, for images that have no annotation."""

from typing import Any

import numpy as np
from mmengine.config import Config
from mmengine.dataset import Compose
from mmengine.registry import TRANSFORMS

from lkca_mm.errors import ConfigError
from lkca_mm.inference.metainfo import test_dataset_of

_ANNOTATION_LOADERS = ('LoadAnnotations', 'LoadCheckedMask')
_IMAGE_LOADERS = ('LoadImageFromFile', 'LoadCheckedImage')


def _name(step: dict[str, Any]) -> str:
    kind = step['type']
    return kind.rpartition('.')[2] if isinstance(kind, str) else kind.__name__


def _reverse_channels(results: dict[str, Any]) -> dict[str, Any]:
    results['img'] = np.ascontiguousarray(results['img'][..., ::-1])
    return results


class ImagePipeline:
    """From an image file to the image as it is and to what the model takes.

    A data set that holds its images in memory, as CIFAR does, has a pipeline
    without a loader. Its images are RGB and of one size, so an image file is
    read as RGB and resized to the size that the backbone was built for.

    Args:
        config: The config; its default scope is active.

    Raises:
        ConfigError: If the config has no test pipeline.
    """

    def __init__(self, config: Config) -> None:
        steps = test_dataset_of(config).get('pipeline') or config.get('test_pipeline')
        if not steps:
            raise ConfigError(f'{config.filename}: has no test_dataloader.dataset.pipeline')
        steps = [dict(step) for step in steps if _name(step) not in _ANNOTATION_LOADERS]
        loaders = [step for step in steps if _name(step) in _IMAGE_LOADERS]
        self._in_memory = not loaders
        # Whatever loader the config has: a broken file must be named, not crash.
        loader = {**(loaders[0] if loaders else {}), 'type': 'LoadCheckedImage'}
        rest = [step for step in steps if _name(step) not in _IMAGE_LOADERS]
        if self._in_memory and (size := config.model.get('backbone', {}).get('img_size')):
            height, width = (size, size) if isinstance(size, int) else size
            rest.insert(0, {'type': 'Resize', 'scale': (width, height)})
        with TRANSFORMS.switch_scope_and_registry(None) as registry:
            self._load = registry.build(loader)
            self._rest = Compose([registry.build(step) for step in rest])

    def __call__(self, path: str) -> tuple[np.ndarray, dict[str, Any]]:
        """Reads an image.

        Args:
            path: The image file.

        Returns:
            The image, RGB of shape (H, W, 3), uint8, and a sample for the model.

        Raises:
            DataError: If the file is missing or no readable image.
        """
        results = self._load({'img_path': path})
        image = np.ascontiguousarray(results['img'][..., ::-1])
        if self._in_memory:
            results = _reverse_channels(results)
        results.setdefault('sample_idx', 0)
        return image, self._rest(results)
