"""Loading that names the file at fault, and torchvision's AutoAugment for mmpretrain."""

from pathlib import Path
from typing import Any

import mmcv
import numpy as np
from mmcv.transforms import BaseTransform, LoadImageFromFile
from mmengine import fileio
from mmpretrain.registry import TRANSFORMS as MMPRETRAIN_TRANSFORMS
from mmseg.datasets.transforms import LoadAnnotations
from mmseg.registry import TRANSFORMS
from PIL import Image
from torchvision.transforms import AutoAugment, AutoAugmentPolicy

from lkca_mm.errors import ConfigError, DataError

_IGNORED = 255


def _unreadable(path: str, error: Exception) -> DataError:
    if isinstance(error, FileNotFoundError):
        return DataError(f'{path} does not exist')
    reason = str(error).partition('\n')[0]
    return DataError(f'{path} is not a whole image file: {type(error).__name__}: {reason}')


@MMPRETRAIN_TRANSFORMS.register_module()
@TRANSFORMS.register_module()
class LoadCheckedImage(LoadImageFromFile):
    """mmcv's ``LoadImageFromFile`` that decodes with pillow and names a file it cannot read.

    pillow refuses a file that is cut off, where OpenCV makes the missing part grey. Of values
    beyond 8 bits it would make white; such a file is refused too.
    """

    def __init__(self, **settings: Any) -> None:
        super().__init__(**{'imdecode_backend': 'pillow', **settings})

    def transform(self, results: dict[str, Any]) -> dict[str, Any] | None:
        """Loads ``img_path`` as ``img``, (H, W, 3) uint8 BGR; raises a DataError if it cannot."""
        if 'img' in results and 'img_path' not in results:  # from mmpretrain's inferencer
            return results
        try:
            loaded = super().transform(results)
        except Exception as error:  # each backend has its own
            raise _unreadable(results['img_path'], error) from error
        if loaded is None:
            return None
        path = results['img_path']
        clipped = self.imdecode_backend == 'pillow' and self.color_type != 'unchanged'
        if clipped and Path(path).is_file():  # others, of a store, would be read twice
            with Image.open(path) as image:
                if image.mode[0] in 'IF':
                    raise DataError(
                        f'{path} has values of more than 8 bits; convert it to 8, '
                        "or read the upper 8 by imdecode_backend='cv2' of LoadCheckedImage"
                    )
        loaded['img'] = np.ascontiguousarray(loaded['img'])
        return loaded


@TRANSFORMS.register_module()
class LoadCheckedMask(LoadAnnotations):
    """mmseg's ``LoadAnnotations`` that names a mask whose values are not among num_classes.

    pillow, its default backend, leaves the indices of a mask with a palette as they are. Adds
    ``gt_seg_map`` (H, W) uint8: 0 to num_classes - 1, and 255 for pixels to ignore.
    """

    def __init__(self, num_classes: int, **settings: Any) -> None:
        super().__init__(**{'imdecode_backend': 'pillow', **settings})
        self.num_classes = num_classes

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        """Loads ``seg_map_path``; mmseg's ``inference_model`` has none, nor ``seg_fields``."""
        return super().transform(results) if 'seg_fields' in results else results

    def _load_seg_map(self, results: dict[str, Any]) -> None:
        """Loads the mask; ``LoadAnnotations.transform`` calls this (mmseg 1.2.2)."""
        path = results['seg_map_path']
        try:
            content = fileio.get(path, backend_args=self.backend_args)
            mask = mmcv.imfrombytes(content, flag='unchanged', backend=self.imdecode_backend)
        except Exception as error:
            raise _unreadable(path, error) from error
        if mask.ndim != 2 or mask.dtype.kind not in 'iub':
            raise DataError(f'{path} is {mask.dtype} {mask.shape}: expected (H, W) class indices')
        shape = tuple(results.get('ori_shape', mask.shape)[:2])  # Resize leaves it as it is
        if shape != mask.shape:
            raise DataError(f'{path} is of shape {mask.shape}, its image of {shape}')
        reduce_zero = bool(results.get('reduce_zero_label', self.reduce_zero_label))
        if self.reduce_zero_label not in (None, reduce_zero):
            raise ConfigError(
                f'LoadCheckedMask has reduce_zero_label={self.reduce_zero_label}, its data set '
                f'{reduce_zero}; set it in the data set and leave it out of the pipeline'
            )
        values = mask.astype(np.int64) - reduce_zero
        values[(values < 0) | (mask == _IGNORED)] = _IGNORED
        labels = values.copy()
        for old, new in (results.get('label_map') or {}).items():
            labels[values == old] = new
        wrong = mask[(labels != _IGNORED) & (labels >= self.num_classes)]
        if wrong.size:
            raise DataError(
                f'{path} holds the value {wrong.max()}, which is none of num_classes='
                f'{self.num_classes} (reduce_zero_label={reduce_zero}), nor {_IGNORED} for ignored'
            )
        results['gt_seg_map'] = labels.astype(np.uint8)
        results['seg_fields'].append('gt_seg_map')


@MMPRETRAIN_TRANSFORMS.register_module()
class TorchvisionAutoAugment(BaseTransform):
    """torchvision's AutoAugment with one of its policies, for ``img`` as a PIL image.

    Args:
        policy: ``'cifar10'``, ``'svhn'`` or ``'imagenet'``.
        fill: Grey value, 0 to 255, of the area that a rotation or a shear leaves empty.
    """

    def __init__(self, policy: str, fill: int = 128) -> None:
        self.augment = AutoAugment(AutoAugmentPolicy(policy), fill=[fill] * 3)

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        """Augments the image."""
        return {**results, 'img': self.augment(results['img'])}
