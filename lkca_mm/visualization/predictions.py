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
from mmpretrain.structures import DataSample
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


class TestedImageHook(Hook):
    """Writes a PNG for every tested image, with the image's name and folder.

    Args:
        out_dir: The folder of the PNGs.
    """

    priority = 'LOW'

    def __init__(self, out_dir: str) -> None:
        self.out_dir = Path(out_dir)

    def after_test_iter(
        self, runner: Runner, batch_idx: int, data_batch: Any = None, outputs: Any = None
    ) -> None:
        """Writes those of a batch."""
        dataset = runner.test_dataloader.dataset
        for index, sample in enumerate(outputs or ()):
            if path := sample.get('img_path'):
                folder = getattr(dataset, 'data_prefix', {}).get('img_path') or Path(path).parent
                name, pixels = Path(os.path.relpath(path, folder)).with_suffix('.png'), None
            else:  # of a data set held in memory
                name = Path(f'{sample.sample_idx}.png')
                pixels = data_batch['inputs'][index].permute(1, 2, 0).cpu().numpy()
            self.write(runner, sample, pixels, self.out_dir / name)


@HOOKS.register_module()
class SideBySideHook(TestedImageHook):
    """Writes image | ground truth | prediction; without ground truth there are two panels."""

    def write(self, runner: Runner, sample: SegDataSample, pixels: Any, path: Path) -> None:
        """Draws one."""
        image = mmcv.imread(sample.img_path, channel_order='rgb')
        panels = [enlarge(image)]
        for field in ('gt_sem_seg', 'pred_sem_seg'):
            if field in sample:
                mask = sample.get(field).data[0].cpu().numpy().astype(np.uint8)
                # A test pipeline may resize the ground truth with the image.
                mask = mmcv.imresize(mask, image.shape[1::-1], interpolation='nearest')
                panels.append(draw_overlay(image, mask, runner.test_dataloader.dataset.metainfo))
        save_image(np.concatenate(panels, axis=1), path)


@HOOKS.register_module()
class SaveMasksHook(TestedImageHook):
    """Writes predicted masks in the data set's values: with ``reduce_zero_label`` class 0 is 1."""

    def write(self, runner: Runner, sample: SegDataSample, pixels: Any, path: Path) -> None:
        """Writes one."""
        mask = sample.pred_sem_seg.data[0].cpu().numpy()
        save_image(mask + bool(sample.get('reduce_zero_label')), path)


@HOOKS.register_module()
class ImageScoresHook(TestedImageHook):
    """Writes image, true and predicted class and score, by mmpretrain's visualizer."""

    def write(self, runner: Runner, sample: DataSample, pixels: Any, path: Path) -> None:
        """Draws one, read from its file or given as pixels (H, W, 3)."""
        image = mmcv.imread(sample.img_path, channel_order='rgb') if pixels is None else pixels
        larger = max(1, 256 // min(image.shape[:2]))  # to read the words
        runner.visualizer.visualize_cls(image, sample, rescale_factor=larger, out_file=str(path))


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
