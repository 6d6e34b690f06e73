"""Predictions drawn over their images, by mmseg's visualizer and matplotlib."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import mmcv
import numpy as np
import torch
from mmengine.hooks import Hook
from mmengine.registry import HOOKS
from mmengine.runner import Runner
from mmengine.structures import PixelData
from mmseg.structures import SegDataSample
from mmseg.visualization import SegLocalVisualizer
from PIL import Image

from lkca_mm.files import written_whole


def enlarge(image: np.ndarray) -> np.ndarray:
    """Repeats the pixels of (H, W, ...) up to 384 a side, where mmseg's text can be read."""
    factor = -(-384 // min(image.shape[:2]))
    return image.repeat(factor, axis=0).repeat(factor, axis=1)


def draw_overlay(
    image: np.ndarray, mask: np.ndarray, dataset_meta: dict[str, Any], opacity: float = 0.5
) -> np.ndarray:
    """Lays the colours and names of a mask over its image, with mmseg's ``SegLocalVisualizer``.

    Args:
        image: RGB image of shape (H, W, 3), uint8.
        mask: Class indices of shape (H, W); pixels of no class turn darker.
        dataset_meta: ``classes`` and ``palette``, one entry a class.
        opacity: Weight of the colours, in [0, 1].

    Returns:
        RGB image, uint8, of the size that :func:`enlarge` gives.
    """
    visualizer = SegLocalVisualizer(alpha=opacity)
    visualizer.dataset_meta = dict(dataset_meta)  # its own arguments for them are mixed up
    sample = SegDataSample()
    sample.pred_sem_seg = PixelData(data=torch.from_numpy(enlarge(mask).astype(np.int64))[None])
    visualizer.add_datasample('overlay', enlarge(image), sample)
    return visualizer.get_image()


def save_image(
    image: np.ndarray, path: str | Path, palette: Sequence[Sequence[int]] | None = None
) -> None:
    """Writes an image, (H, W, 3) or (H, W), as a PNG, whole or not at all; its folder is made.

    With a palette, RGB, an (H, W) image keeps its values and is shown in these colours.
    """
    drawing = Image.fromarray(np.ascontiguousarray(image, dtype=np.uint8))
    if palette is not None:
        drawing.putpalette([channel for colour in palette for channel in colour])
    with written_whole(path) as part:
        drawing.save(part, format='PNG')


@HOOKS.register_module()
class SideBySideHook(Hook):
    """Writes image | ground truth | prediction of every tested image as a PNG.

    The file has the image's name and folder; a sample without ground truth has two panels.

    Args:
        out_dir: The folder of the PNGs.
        opacity: Weight of the classes' colours over the image, in [0, 1].
    """

    priority = 'LOW'

    def __init__(self, out_dir: str, opacity: float = 0.5) -> None:
        self.out_dir, self.opacity = Path(out_dir), opacity

    def after_test_iter(
        self, runner: Runner, batch_idx: int, data_batch: Any = None, outputs: Any = None
    ) -> None:
        """Draws the samples of a batch."""
        dataset = runner.test_dataloader.dataset
        for sample in outputs or ():
            image = mmcv.imread(sample.img_path, channel_order='rgb')
            panels = [enlarge(image)]
            for field in ('gt_sem_seg', 'pred_sem_seg'):
                if field in sample:
                    mask = sample.get(field).data[0].cpu().numpy().astype(np.uint8)
                    # A test pipeline may resize the ground truth with the image.
                    mask = mmcv.imresize(mask, image.shape[1::-1], interpolation='nearest')
                    panels.append(draw_overlay(image, mask, dataset.metainfo, self.opacity))
            folder = getattr(dataset, 'data_prefix', {}).get('img_path')
            name = Path(os.path.relpath(sample.img_path, folder or Path(sample.img_path).parent))
            save_image(np.concatenate(panels, axis=1), self.out_dir / name.with_suffix('.png'))


def draw_scores(image: np.ndarray, scores: Sequence[tuple[str, float]], path: str | Path) -> None:
    """Draws an RGB image beside the scores, in [0, 1], of the classes that a classifier names.

    ``path`` ends in .png or .svg.
    """
    from lkca_mm.visualization.figure import new_figure, save_figure

    figure = new_figure(8, 3.4)
    left, right = figure.subplots(1, 2)
    left.imshow(image)
    left.set_axis_off()
    right.barh(*zip(*scores, strict=True))
    right.invert_yaxis()
    right.set(xlim=(0, 1), xlabel='score')
    save_figure(figure, path)
