"""Pictures of a test run: image, ground truth and prediction of every sample."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import mmcv
import numpy as np
from mmengine.hooks import Hook
from mmengine.registry import HOOKS
from mmengine.runner import Runner

from lkca_mm.errors import ConfigError, DataError
from lkca_mm.visualization.palette import default_palette
from lkca_mm.visualization.panels import resize_mask, side_by_side
from lkca_mm.visualization.png import save_png


def _class_indices(sample: Any, field: str, size: tuple[int, int]) -> np.ndarray | None:
    """Returns a field of a SegDataSample as indices of shape ``size``; None if not there."""
    if field not in sample:
        return None
    mask = getattr(sample, field).data.detach().cpu().numpy()
    return resize_mask(mask.reshape(mask.shape[-2:]), size)


@HOOKS.register_module()
class SideBySideHook(Hook):
    """Writes image | ground truth | prediction of every tested sample as a PNG.

    A sample without ground truth gets two panels. The file is named after the
    image; images of the same name in several folders are numbered.

    Args:
        out_dir: The folder of the pictures; created when there is a picture.
        max_pictures: Stop after so many pictures (per process); None for no limit.
        with_val: Whether validation runs draw too, into ``out_dir/val``. A later
            validation overwrites the pictures of the one before.
        opacity: Weight of the classes' colours over the image, in [0, 1].
        ignore_index: Pixels of the ground truth that stay uncoloured.
    """

    priority = 'LOW'

    def __init__(
        self,
        out_dir: str,
        max_pictures: int | None = None,
        with_val: bool = False,
        opacity: float = 0.6,
        ignore_index: int = 255,
    ) -> None:
        if max_pictures is not None and max_pictures < 0:
            raise ConfigError(f'SideBySideHook: max_pictures={max_pictures} must be 0 or more')
        if not 0 <= opacity <= 1:
            raise ConfigError(f'SideBySideHook: opacity={opacity} must be in [0, 1]')
        self.out_dir = Path(out_dir)
        self.max_pictures = max_pictures
        self.with_val = with_val
        self.opacity = opacity
        self.ignore_index = ignore_index
        self._names: dict[Path, dict[str, str]] = {}

    def before_test_epoch(self, runner: Runner) -> None:
        """Forgets an earlier test run's names, so that its pictures are replaced."""
        self._names.pop(self.out_dir, None)

    def before_val_epoch(self, runner: Runner) -> None:
        """Forgets an earlier validation's names, so that its pictures are replaced."""
        self._names.pop(self.out_dir / 'val', None)

    def after_test_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: Any = None,
        outputs: Sequence[Any] | None = None,
    ) -> None:
        """Draws the samples of a test batch."""
        self._draw_all(outputs or (), runner.test_dataloader.dataset.metainfo, self.out_dir)

    def after_val_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: Any = None,
        outputs: Sequence[Any] | None = None,
    ) -> None:
        """Draws the samples of a validation batch if ``with_val``."""
        if self.with_val:
            metainfo = runner.val_dataloader.dataset.metainfo
            self._draw_all(outputs or (), metainfo, self.out_dir / 'val')

    def _draw_all(self, samples: Sequence[Any], metainfo: dict[str, Any], folder: Path) -> None:
        for sample in samples:
            names = self._names.setdefault(folder, {})
            new = sample.img_path not in names
            if new and self.max_pictures is not None and len(names) >= self.max_pictures:
                return
            if new:
                names[sample.img_path] = self._free_name(sample.img_path, names)
            picture = self._draw(sample, metainfo)
            save_png(picture, folder / f'{names[sample.img_path]}.png')

    @staticmethod
    def _free_name(img_path: str, names: dict[str, str]) -> str:
        stem, taken, number = Path(img_path).stem, set(names.values()), 2
        name = stem
        while name in taken:
            name, number = f'{stem}_{number}', number + 1
        return name

    def _draw(self, sample: Any, metainfo: dict[str, Any]) -> np.ndarray:
        image = mmcv.imread(sample.img_path)
        if image is None:
            raise DataError(f'{sample.img_path}: cannot be read as an image')
        image = mmcv.bgr2rgb(image)
        prediction = _class_indices(sample, 'pred_sem_seg', image.shape[:2])
        if prediction is None:
            raise ConfigError('SideBySideHook draws segmentations; this model predicts none')
        classes = metainfo['classes']
        return side_by_side(
            image,
            _class_indices(sample, 'gt_sem_seg', image.shape[:2]),
            prediction,
            classes,
            metainfo.get('palette') or default_palette(len(classes)),
            self.opacity,
            self.ignore_index,
        )
