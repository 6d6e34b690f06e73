"""From an image to raw logits: what an exported file computes."""

import tempfile
from pathlib import Path
from typing import Any

import torch
from mmengine.config import Config
from PIL import Image
from torch import Tensor, nn

from lkca_mm.apis import load_model, preprocess
from lkca_mm.config import is_segmentor
from lkca_mm.models import LKCAMixer
from lkca_mm.version import __version__


class LogitsModel(nn.Module):
    """A network from an image to its logits.

    Args:
        network: A classifier of mmpretrain or a segmentor of mmseg.
        size: Height and width of the images, in pixels.
        normalization: ``mean`` and ``std`` of values from 0 to 255; None for normalised images.
    """

    def __init__(
        self, network: nn.Module, size: tuple[int, int], normalization: dict | None = None
    ) -> None:
        super().__init__()
        self.network, self.size, self.normalized = network, tuple(size), normalization is not None
        if normalization is not None:
            self.register_buffer('mean', torch.tensor(normalization['mean'])[:, None, None])
            self.register_buffer('std', torch.tensor(normalization['std'])[:, None, None])
        self.eval()

    def forward(self, image: Tensor) -> Tensor:
        """Maps images (B, 3, H, W) to logits (B, classes), or a segmentor's (B, classes, H, W)."""
        if self.normalized:
            image = (image - self.mean) / self.std
        if not is_segmentor(self.network):
            return self.network(image, mode='tensor')
        meta = {'img_shape': self.size, 'pad_shape': self.size, 'ori_shape': self.size}
        return self.network.encode_decode(image, [meta])


@torch.no_grad()
def measure_normalization(model: nn.Module, size: tuple[int, int]) -> dict[str, Any]:
    """Measures what a model's test pipeline and data preprocessor do to an image file's values.

    Together they are linear in each channel, so a black and a white image, (height, width)
    large, give mean and standard deviation, and a red one the order of the channels.

    Returns:
        ``mean`` and ``std`` of each channel: the network takes ``(values - mean) / std`` of
        values from 0 to 255; and the order of its ``channels``, ``'RGB'`` or ``'BGR'``.
    """

    def first_pixel(colour: str) -> Tensor:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / f'{colour}.png'
            Image.new('RGB', (size[1], size[0]), colour).save(path)
            batch = model.data_preprocessor(preprocess(model, path), False)
        return batch['inputs'][0, :, 0, 0].double()

    black, white, red = first_pixel('black'), first_pixel('white'), first_pixel('red')
    std = 255 / (white - black)
    # Single precision leaves noise behind the digits that configs give.
    mean, std = ([round(value, 4) for value in row.tolist()] for row in (-black * std, std))
    return {'mean': mean, 'std': std, 'channels': 'RGB' if red[0] > red[2] else 'BGR'}


def load_for_export(
    config: Config,
    checkpoint: str | None,
    size: tuple[int, int],
    pixels: bool = True,
    trust: bool = False,
) -> tuple[LogitsModel, dict[str, Any]]:
    """Loads a model on the CPU, without gradients.

    Args:
        config: A classification or segmentation config.
        checkpoint: The checkpoint file. Without it the weights are random. LKCA kernels that
            start at zero are drawn then: a layer that adds nothing would hide a fault.
        size: Height and width of the images, in pixels.
        pixels: Whether the images have values from 0 to 255; otherwise they come normalised.
        trust: Whether to load a checkpoint that can run code.

    Returns:
        The model, and the metadata that a user of the file needs.
    """
    network = load_model(config, checkpoint, 'cpu', trust).requires_grad_(False)
    for module in network.modules():
        if checkpoint is None and isinstance(module, LKCAMixer) and not module.kernel.any():
            nn.init.trunc_normal_(module.kernel, std=0.02)
    normalization = measure_normalization(network, size)
    metadata = {
        'config': Path(config.filename).stem,
        'lkca_mm': __version__,
        'classes': network.dataset_meta['classes'],
        'values': '0 to 255' if pixels else 'normalized',
        **normalization,
    }
    return LogitsModel(network, size, normalization if pixels else None), metadata
