"""A trained model, ready for images."""

from dataclasses import dataclass
from typing import Any

from lkca_mm.command import describe

import numpy as np
import torch
from mmengine.config import Config
from mmengine.dataset import pseudo_collate
from torch import nn

from lkca_mm.engine.checkpoint import load_weights
from lkca_mm.engine.run_config import load_config
from lkca_mm.errors import ConfigError, DataError, shown
from lkca_mm.inference.metainfo import Metainfo, find_metainfo
from lkca_mm.inference.network import build_network, segments
from lkca_mm.inference.pipeline import ImagePipeline


@dataclass
class TrainedModel:
    """A network with what belongs to it.

    Attributes:
        network: The mmseg or mmpretrain model, in evaluation mode.
        pipeline: Turns an image file into the network's input.
        metainfo: ``classes`` and ``palette``; None where they are unknown.
    """

    network: nn.Module
    pipeline: ImagePipeline
    metainfo: Metainfo

    @property
    def segments(self) -> bool:
        """Whether the network predicts a class a pixel (else one an image)."""
        return segments(self.network)

    def predict(self, path: str) -> tuple[np.ndarray, Any]:
        """Runs the network on an image file.

        Args:
            path: The image file.

        Returns:
            The image, RGB of shape (H, W, 3), uint8, and the data sample that
            the network returned for it.

        Raises:
            DataError: If the file is missing, no readable image, or of a size that the
                network cannot take.
        """
        image, sample = self.pipeline(str(path))
        try:
            with torch.no_grad():
                return image, self.network.test_step(pseudo_collate([sample]))[0]
        except RuntimeError as error:
            height, width = image.shape[:2]
            raise DataError(
                f'{shown(path)} of {width}x{height} pixels cannot go through the model: '
                f'{describe(error)}'
            ) from error


def resolve_device(device: str) -> torch.device:
    """Returns the device of that name; ``auto`` is the first GPU, or else the CPU.

    Raises:
        ConfigError: If there is no such device.
    """
    if device == 'auto':
        return torch.device('cuda:0' if torch.cuda.is_available() else 'cpu')
    try:
        found = torch.device(device)
        torch.empty(0, device=found)
    except (RuntimeError, AssertionError) as error:
        raise ConfigError(
            f'device={device}: there is no such device here; use auto, cpu or cuda:0'
        ) from error
    return found


def load_model(
    config: str | Config, checkpoint: str, device: str = 'auto', trust: bool = False
) -> TrainedModel:
    """Builds the model of a config and loads its trained weights.

    Args:
        config: The config, or its file.
        checkpoint: The checkpoint file.
        device: ``auto``, or a device of PyTorch.
        trust: Whether to load a checkpoint that can run code.

    Returns:
        The model in evaluation mode, on the device.

    Raises:
        ConfigError: If the config or the device is wrong.
        CheckpointError: If the checkpoint is unreadable or of another model.
    """
    config = config if isinstance(config, Config) else load_config(str(config))
    where = resolve_device(device)
    network = build_network(config)
    loaded = load_weights(network, checkpoint, trust)
    return TrainedModel(
        network=network.to(where).eval(),
        pipeline=ImagePipeline(config),
        metainfo=find_metainfo(loaded, config),
    )
