"""Loading that names the file that is at fault."""

from typing import Any

import mmcv
import numpy as np
from mmcv.transforms import LoadImageFromFile
from mmengine import fileio
from mmpretrain.registry import TRANSFORMS as MMPRETRAIN_TRANSFORMS
from mmseg.datasets.transforms import LoadAnnotations
from mmseg.registry import TRANSFORMS

from lkca_mm.errors import ConfigError, DataError
from lkca_mm.transforms.encoded import MAX_PIXELS, check_encoded

IGNORED = 255


def _read(path: str, backend_args: dict | None, max_pixels: int) -> bytes:
    """Returns the bytes of a whole image file."""
    try:
        content = fileio.get(path, backend_args=backend_args)
    except FileNotFoundError as error:
        raise DataError(f'{path} does not exist') from error
    except OSError as error:
        raise DataError(f'{path} cannot be read: {error.strerror or error}') from error
    content = bytes(content)
    check_encoded(content, path, max_pixels)
    return content


def _decode(content: bytes, path: str, flag: str, backend: str) -> np.ndarray:
    try:
        pixels = mmcv.imfrombytes(content, flag=flag, backend=backend)
    except Exception as error:  # each backend has its own errors
        raise DataError(f'{path} cannot be decoded by {backend}: {error}') from error
    if pixels is None:
        raise DataError(f'{path} cannot be decoded by {backend}: copy it again')
    return pixels


@MMPRETRAIN_TRANSFORMS.register_module()
@TRANSFORMS.register_module()
class LoadCheckedImage(LoadImageFromFile):
    """Loads an image and refuses one that is cut off, damaged or too large.

    Required keys: ``img_path``. Added keys: ``img`` (H, W, C), ``img_shape`` and
    ``ori_shape`` (H, W).

    Args:
        to_float32: Whether to return float32 instead of uint8.
        color_type: The flag of ``mmcv.imfrombytes``.
        imdecode_backend: The backend of ``mmcv.imfrombytes``.
        ignore_empty: Returns None instead of raising an error.
        backend_args: The storage that holds the file, as for mmengine.
        max_pixels: The largest width times height; pillow opens no more than the default.
    """

    def __init__(
        self,
        to_float32: bool = False,
        color_type: str = 'color',
        imdecode_backend: str = 'cv2',
        ignore_empty: bool = False,
        *,
        backend_args: dict | None = None,
        max_pixels: int = MAX_PIXELS,
    ) -> None:
        super().__init__(
            to_float32=to_float32,
            color_type=color_type,
            imdecode_backend=imdecode_backend,
            ignore_empty=ignore_empty,
            backend_args=backend_args,
        )
        self.max_pixels = max_pixels

    def transform(self, results: dict[str, Any]) -> dict[str, Any] | None:
        """Loads the image.

        Raises:
            DataError: The file is missing, unreadable, cut off or too large.
        """
        path = results['img_path']
        try:
            content = _read(path, self.backend_args, self.max_pixels)
            image = _decode(content, path, self.color_type, self.imdecode_backend)
        except DataError:
            if self.ignore_empty:
                return None
            raise
        if self.to_float32:
            image = image.astype(np.float32)
        results['img'] = image
        results['img_shape'] = results['ori_shape'] = image.shape[:2]
        return results


@TRANSFORMS.register_module()
class LoadCheckedMask(LoadAnnotations):
    """Loads a mask and refuses one that cannot belong to the classes.

    Required keys: ``seg_map_path``, ``reduce_zero_label``, ``seg_fields`` and,
    if there is one, ``label_map``. Added key: ``gt_seg_map`` (H, W) uint8 with the
    labels 0 to num_classes - 1, and 255 where a pixel does not count.

    Args:
        num_classes: The number of classes of the model.
        reduce_zero_label: As for mmseg's ``LoadAnnotations``.
        backend_args: The storage that holds the file, as for mmengine.
        imdecode_backend: The backend of ``mmcv.imfrombytes``. Only pillow leaves
            a mask with a palette as it is.
        max_pixels: The largest width times height; pillow opens no more than the default.
    """

    def __init__(
        self,
        num_classes: int,
        reduce_zero_label: bool | None = None,
        backend_args: dict | None = None,
        imdecode_backend: str = 'pillow',
        max_pixels: int = MAX_PIXELS,
    ) -> None:
        super().__init__(
            reduce_zero_label=reduce_zero_label,
            backend_args=backend_args,
            imdecode_backend=imdecode_backend,
        )
        self.num_classes = num_classes
        self.max_pixels = max_pixels

    def _load_seg_map(self, results: dict[str, Any]) -> None:
        """Loads the mask; LoadAnnotations calls this."""
        path = results['seg_map_path']
        content = _read(path, self.backend_args, self.max_pixels)
        mask = _decode(content, path, 'unchanged', self.imdecode_backend)
        if mask.ndim == 3 and mask.shape[2] == 1:
            mask = mask[..., 0]
        if mask.ndim != 2:
            raise DataError(
                f'{path} is a mask with {mask.shape[2]} channels: expected one channel of class '
                f'indices, so convert its colours to indices'
            )
        self._check_size(mask, results)
        reduce_zero = self._reduces_zero(results)
        table, allowed = self._tables(reduce_zero, results.get('label_map') or {})
        if mask.dtype != np.uint8:
            mask = _as_bytes(mask, path)
        if not allowed[mask].all():
            wrong = np.unique(mask[~allowed[mask]])
            raise DataError(
                f'{path} holds the value {wrong[0]} ({len(wrong)} such values): allowed are '
                f'{self._describe(allowed)} (num_classes={self.num_classes}, '
                f'reduce_zero_label={reduce_zero})'
            )
        results['gt_seg_map'] = table[mask]
        results['seg_fields'].append('gt_seg_map')

    def _reduces_zero(self, results: dict[str, Any]) -> bool:
        told = results.get('reduce_zero_label', self.reduce_zero_label)
        if self.reduce_zero_label is not None and self.reduce_zero_label != told:
            raise ConfigError(
                f'reduce_zero_label is {told} in the data set and {self.reduce_zero_label} in '
                f'LoadCheckedMask: leave it out of the transform'
            )
        return bool(told)

    def _tables(self, reduce_zero: bool, label_map: dict[int, int]) -> tuple[np.ndarray, ...]:
        """Returns the label of each value, and which values may occur, 256 each."""
        shift = 1 if reduce_zero else 0
        table = np.arange(256)
        allowed = np.zeros(256, bool)
        allowed[: self.num_classes + shift] = True
        allowed[IGNORED] = True
        if reduce_zero:
            table = np.concatenate([[IGNORED], table[:-1]])
            table[IGNORED] = IGNORED
        original = table.copy()
        for old, new in label_map.items():
            if 0 <= old + shift < IGNORED:
                allowed[old + shift] = True
            table[original == old] = new
        return table.astype(np.uint8), allowed

    @staticmethod
    def _describe(allowed: np.ndarray) -> str:
        """Writes the allowed values as ranges, for example ``0-150, 255``."""
        values = np.flatnonzero(allowed)
        runs = np.split(values, np.flatnonzero(np.diff(values) > 1) + 1)
        return ', '.join(str(run[0]) if len(run) == 1 else f'{run[0]}-{run[-1]}' for run in runs)

    @staticmethod
    def _check_size(mask: np.ndarray, results: dict[str, Any]) -> None:
        # A resized image keeps its first size in ori_shape.
        shape = results.get('ori_shape', results.get('img_shape'))
        if shape is not None and tuple(shape[:2]) != mask.shape:
            raise DataError(
                f'{results["seg_map_path"]} is {mask.shape[1]}x{mask.shape[0]} pixels but its '
                f'image {results.get("img_path", "")} is {shape[1]}x{shape[0]}'
            )

    def __repr__(self) -> str:
        return f'{super().__repr__()[:-1]}, num_classes={self.num_classes})'


def _as_bytes(mask: np.ndarray, path: str) -> np.ndarray:
    """Turns a mask of another number type into uint8 if that changes nothing."""
    if mask.dtype.kind not in 'iub':
        raise DataError(f'{path} holds {mask.dtype} numbers: a mask must hold class indices')
    if mask.size and not 0 <= mask.min() <= mask.max() <= 255:
        wrong = mask.max() if mask.max() > 255 else mask.min()
        raise DataError(
            f'{path} holds the value {wrong}: a mask must hold 8-bit class indices, 0 to 255'
        )
    return mask.astype(np.uint8)
