"""Images as a model takes them, all cut to one square."""

from collections.abc import Sequence
from pathlib import Path

import torch
from mmengine.dataset import pseudo_collate
from torch import Tensor
from torch.nn import functional as F

from lkca_mm.inference import TrainedModel


def load_squares(model: TrainedModel, paths: Sequence[Path], side: int) -> Tensor:
    """Reads images through a model's test pipeline and its preprocessor.

    Args:
        model: The model.
        paths: Image files.
        side: Height and width, in pixels, that the middle of each is brought to.

    Returns:
        Normalised images of shape (B, 3, side, side), on the model's device.

    Raises:
        DataError: If a file is missing or no readable image.
    """
    squares = []
    for path in paths:
        _, sample = model.pipeline(str(path))
        with torch.no_grad():
            batch = model.network.data_preprocessor(pseudo_collate([sample]), False)['inputs']
            squares.append(_middle(batch, side))
    return torch.cat(squares)


def _middle(image: Tensor, side: int) -> Tensor:
    """Cuts the largest square out of the middle of (1, 3, H, W) and resizes it."""
    height, width = image.shape[-2:]
    short = min(height, width)
    top, left = (height - short) // 2, (width - short) // 2
    square = image[..., top : top + short, left : left + short]
    if short == side:
        return square
    return F.interpolate(
        square, size=(side, side), mode='bilinear', align_corners=False, antialias=True
    )
