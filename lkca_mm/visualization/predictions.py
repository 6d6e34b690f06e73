"""Predictions drawn over their images, by mmseg's visualizer and matplotlib."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import mmcv
import numpy as np
import torch
from mmcv.transforms import LoadAnnotations
from mmengine.config import Config
from mmengine.hooks import Hook
from mmengine.registry import DATASETS, HOOKS, TRANSFORMS
from mmengine.runner import Runner
from mmengine.structures import PixelData
from mmseg.structures import SegDataSample
from mmseg.visualization import SegLocalVisualizer
from PIL import Image

from lkca_mm.errors import ConfigError, DataError, shown
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
    picture = Image.fromarray(np.ascontiguousarray(image, dtype=np.uint8))
    if palette is not None:
        picture.putpalette([channel for colour in palette for channel in colour])
    with written_whole(path) as part:
        picture.save(part, format='PNG')


@HOOKS.register_module()
class SideBySideHook(Hook):
    """Writes image | ground truth | prediction of every tested image as a PNG.

    The file has the image's name; a sample without ground truth has two panels.

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
        metainfo = runner.test_dataloader.dataset.metainfo
        for sample in outputs or ():
            image = mmcv.imread(sample.img_path, channel_order='rgb')
            panels = [enlarge(image)]
            for field in ('gt_sem_seg', 'pred_sem_seg'):
                if field in sample:
                    mask = sample.get(field).data[0].cpu().numpy().astype(np.uint8)
                    # A test pipeline may resize the ground truth with the image.
                    mask = mmcv.imresize(mask, image.shape[1::-1], interpolation='nearest')
                    panels.append(draw_overlay(image, mask, metainfo, self.opacity))
            path = self.out_dir / f'{Path(sample.img_path).stem}.png'
            save_image(np.concatenate(panels, axis=1), path)


def read_truth(config: Config, folder: Path, image_path: Path) -> np.ndarray:
    """Reads an image's ground truth as the config's test set reads it.

    Args:
        config: A segmentation config; its default scope is active.
        folder: Holds one mask an image: the image's name with the data set's mask suffix.
        image_path: The image.

    Returns:
        Class indices of shape (H, W); 255 where there is none.
    """
    from lkca_mm.apis.model import find_test_dataset, is_step

    settings = dict(find_test_dataset(config))
    loaders = [step for step in settings.get('pipeline') or () if is_step(step, LoadAnnotations)]
    if not loaders:
        raise ConfigError(f'{config.filename}: its test set loads no masks to compare with')
    # The data set alone knows what the values of its masks mean; it lists no file here.
    settings.update(pipeline=[], lazy_init=True)
    with DATASETS.switch_scope_and_registry(None) as registry:
        dataset = registry.build(settings)
    with TRANSFORMS.switch_scope_and_registry(None) as registry:
        load = registry.build(dict(loaders[0]))
    path = folder / f'{image_path.stem}{dataset.seg_map_suffix}'
    if not path.is_file():
        raise DataError(f'{shown(path)}: there is no mask of {image_path.name}')
    results = {'reduce_zero_label': dataset.reduce_zero_label, 'label_map': dataset.label_map}
    return load({'seg_map_path': str(path), 'seg_fields': [], **results})['gt_seg_map']


def draw_predictions(
    rows: Sequence[tuple[str, Mapping[str, Any]]], path: str | Path, title: str | None = None
) -> None:
    """Draws images below each other, each with what a model predicts for it beside it.

    Args:
        rows: The name of each image, and its panels by what stands above them. A panel is an
            RGB image or, for a classifier, a list of names with scores in [0, 1].
        path: The file, .png or .svg.
        title: The title of the whole.
    """
    from lkca_mm.visualization.figure import new_figure, save_figure

    columns = max(len(panels) for _, panels in rows)
    figure = new_figure(4 * columns, 3.4 * len(rows))
    axes = figure.subplots(len(rows), columns, squeeze=False)
    for line, (name, panels) in zip(axes, rows, strict=True):
        for axis, (heading, panel) in zip(line, panels.items(), strict=True):
            axis.set_title(name if heading == 'image' else heading, fontsize=9)
            if isinstance(panel, np.ndarray):
                axis.imshow(panel)
                axis.set_axis_off()
            else:
                classes, scores = zip(*panel, strict=True)
                axis.barh(classes, scores)
                axis.invert_yaxis()
                axis.set(xlim=(0, 1), xlabel='score')
    figure.suptitle(title)
    save_figure(figure, path)
