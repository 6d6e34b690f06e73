"""What a model predicts for image files."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import mmcv
import numpy as np
import torch
from mmengine.dataset import Compose, pseudo_collate
from mmengine.registry import DefaultScope
from torch import nn

from lkca_mm.config import is_segmentor
from lkca_mm.errors import DataError

SUFFIXES = ('.jpg', '.jpeg', '.png', '.bmp', '.webp')


def find_images(paths: Sequence[str | Path]) -> list[Path]:
    """Returns image files and the images right inside folders, each once.

    Raises:
        DataError: If there is no such file or folder, or no image in a folder.
    """
    found: list[Path] = []
    for path in map(Path, paths):
        if not path.exists():
            raise DataError(f'{path}: no such image or folder')
        images = [path]
        if path.is_dir():
            images = sorted(file for file in path.iterdir() if file.suffix.lower() in SUFFIXES)
            if not images:
                raise DataError(f'{path}: holds no image ({", ".join(SUFFIXES)})')
        found += images
    return list(dict.fromkeys(found))


def read_image(path: str | Path) -> np.ndarray:
    """Reads an image as RGB of shape (H, W, 3), uint8.

    Raises:
        DataError: If the file is missing or no readable image.
    """
    try:
        image = mmcv.imread(str(path))
    except (OSError, cv2.error) as error:
        raise DataError(f'{path}: cannot be read as an image: {error}') from error
    if image is None:
        raise DataError(f'{path}: cannot be read as an image')
    return mmcv.bgr2rgb(image)


def preprocess(model: nn.Module, path: str | Path) -> dict[str, Any]:
    """Reads an image file through the model's test pipeline.

    Args:
        model: What :func:`lkca_mm.apis.load_model` returned.
        path: The image file.

    Returns:
        A batch of one, for ``model.test_step`` or ``model.data_preprocessor``.

    Raises:
        DataError: If the file is missing or no readable image.
    """
    read_image(path)  # mmcv's own transforms do not name a file that they cannot decode
    if is_segmentor(model):
        with DefaultScope.overwrite_default_scope('mmseg'):
            return pseudo_collate([Compose(model.cfg.test_pipeline)({'img_path': str(path)})])
    from mmpretrain import ImageClassificationInferencer

    with DefaultScope.overwrite_default_scope('mmpretrain'):
        return next(iter(ImageClassificationInferencer(model).preprocess([str(path)])))


@torch.no_grad()
def predict(model: nn.Module, path: str | Path) -> Any:
    """Segments or classifies an image file.

    Args:
        model: What :func:`lkca_mm.apis.load_model` returned.
        path: The image file.

    Returns:
        mmseg's ``SegDataSample`` with ``pred_sem_seg`` and ``seg_logits`` at the image's own
        size, or mmpretrain's ``DataSample`` with ``pred_label`` and ``pred_score``.

    Raises:
        DataError: If the file is missing or no readable image.
    """
    return model.test_step(preprocess(model, path))[0]
