"""A class for every pixel of an image."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from lkca_mm.errors import ConfigError
from lkca_mm.inference.metainfo import complete_metainfo
from lkca_mm.inference.model import TrainedModel


@dataclass
class Segmentation:
    """What a segmentor sees in an image.

    Attributes:
        image: RGB image of shape (H, W, 3), uint8.
        mask: Class indices of shape (H, W), uint8.
        classes: One name a class.
        palette: One RGB colour a class, channels in [0, 255].
    """

    image: np.ndarray
    mask: np.ndarray
    classes: list[str]
    palette: list[list[int]]


def predict_segmentation(model: TrainedModel, image_path: str | Path) -> Segmentation:
    """Segments an image.

    Args:
        model: A segmentor.
        image_path: The image file.

    Returns:
        The prediction at the image's own size.

    Raises:
        ConfigError: If the model is no segmentor, or its classes do not agree
            with the names that came with it.
        DataError: If the file is missing or no readable image.
    """
    if not model.segments:
        raise ConfigError(f'{type(model.network).__name__} is no segmentor')
    image, sample = model.predict(str(image_path))
    # One channel stands for two classes, told apart by a threshold.
    num_classes = max(2, int(sample.seg_logits.data.shape[0]))
    metainfo = complete_metainfo(model.metainfo, num_classes)
    if len(metainfo['classes']) != num_classes:
        raise ConfigError(
            f'the model predicts {num_classes} classes, but {len(metainfo["classes"])} are named '
            'in the checkpoint or the test set of the config; use the config of its training'
        )
    if num_classes > 256:
        raise ConfigError(f'{num_classes} classes do not fit into an 8-bit mask; 256 do')
    mask = sample.pred_sem_seg.data.cpu().numpy()
    mask = mask.reshape(mask.shape[-2:]).astype(np.uint8)
    return Segmentation(image, mask, metainfo['classes'], metainfo['palette'])
