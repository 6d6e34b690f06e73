"""A batch of random pictures and labels, as a config's model takes it in training."""

from typing import Any

import torch
from mmengine.config import Config
from mmengine.structures import PixelData
from mmpretrain.structures import DataSample
from mmseg.structures import SegDataSample
from torch.nn import functional as F

from lkca_mm.errors import ConfigError


def image_size_of(config: Config) -> tuple[int, int]:
    """Returns the size of the training images, in pixels.

    Raises:
        ConfigError: If the config does not say.
    """
    # The preprocessor pads to its size, so that is what the model meets.
    size = (config.model.get('data_preprocessor') or {}).get('size') or config.get('crop_size')
    size = size or config.model.backbone.get('img_size')
    if size is None:
        raise ConfigError(f'{config.filename}: says no image size; set model.backbone.img_size')
    return (size, size) if isinstance(size, int) else tuple(size)


def random_batch(config: Config, batch_size: int, device: str) -> dict[str, Any]:
    """Returns ``inputs`` and ``data_samples`` as they leave the data preprocessor.

    Args:
        config: A segmentation config, known by its ``decode_head``, or one of
            classification.
        batch_size: Number of pictures.
        device: Where the tensors are.

    Raises:
        ConfigError: If the config does not say how large its pictures are.
    """
    height, width = image_size_of(config)
    inputs = torch.randn(batch_size, 3, height, width, device=device)
    if 'decode_head' in config.model:
        classes = config.model.decode_head.num_classes
        labels = torch.randint(classes, (batch_size, 1, height, width), device=device)
        meta = {'img_shape': (height, width), 'ori_shape': (height, width)}
        samples = [
            SegDataSample(gt_sem_seg=PixelData(data=label), metainfo=dict(meta)) for label in labels
        ]
    else:
        # A backbone that makes the logits itself has a head without classes.
        classes = config.model.head.get('num_classes') or config.model.backbone.num_classes
        labels = torch.randint(classes, (batch_size,), device=device)
        samples = [DataSample().set_gt_label(label[None]) for label in labels]
        if (config.model.get('train_cfg') or {}).get('augments'):
            # Mixing leaves one-hot vectors, which the loss takes by another path.
            for sample, score in zip(samples, F.one_hot(labels, classes).float(), strict=True):
                sample.set_gt_score(score)
    return {'inputs': inputs, 'data_samples': samples}
