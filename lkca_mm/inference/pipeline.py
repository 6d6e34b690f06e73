"""The test pipeline of a config, for images that have no annotation."""

from typing import Any

import numpy as np
from mmengine.config import Config
from mmengine.dataset import Compose
from mmengine.registry import TRANSFORMS

from lkca_mm.datasets import LoadCheckedImage
from lkca_mm.errors import ConfigError
from lkca_mm.inference.metainfo import find_test_dataset

_ANNOTATION_LOADERS = ('LoadAnnotations', 'LoadCheckedMask')
_IMAGE_LOADERS = ('LoadImageFromFile', 'LoadCheckedImage')
_LOADER_KEYS = ('to_float32', 'color_type', 'imdecode_backend', 'backend_args', 'max_pixels')


def _name(step: dict[str, Any]) -> str:
    kind = step['type']
    return kind.rpartition('.')[2] if isinstance(kind, str) else kind.__name__


def _to_rgb(image: np.ndarray) -> np.ndarray:
    """Returns a grey, BGR or BGRA image as RGB of shape (H, W, 3), uint8."""
    image = np.atleast_3d(image)
    channels = [2, 1, 0] if image.shape[2] >= 3 else [0, 0, 0]
    return np.ascontiguousarray(image[..., channels], dtype=np.uint8)


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
        steps = find_test_dataset(config).get('pipeline') or config.get('test_pipeline')
        if not steps:
            raise ConfigError(f'{config.filename}: has no test_dataloader.dataset.pipeline')
        steps = [dict(step) for step in steps if _name(step) not in _ANNOTATION_LOADERS]
        loaders = [step for step in steps if _name(step) in _IMAGE_LOADERS]
        self._in_memory = not loaders
        # Whatever loader the config has: a broken file must be named, not crash.
        given = loaders[0] if loaders else {}
        self._load = LoadCheckedImage(**{key: given[key] for key in _LOADER_KEYS if key in given})
        rest = [step for step in steps if _name(step) not in _IMAGE_LOADERS]
        if self._in_memory and (size := config.model.get('backbone', {}).get('img_size')):
            height, width = (size, size) if isinstance(size, int) else size
            rest.insert(0, {'type': 'Resize', 'scale': (width, height)})
        with TRANSFORMS.switch_scope_and_registry(None) as registry:
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
        image = _to_rgb(results['img'])
        if self._in_memory:
            results['img'] = image.copy()
        return image, self._rest(results)
