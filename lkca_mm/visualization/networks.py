"""Models to look into: trained ones, and ones as they are before training."""

from pathlib import Path

import torch
from mmengine.config import Config

from lkca_mm.inference import TrainedModel, load_model
from lkca_mm.inference.model import resolve_device
from lkca_mm.inference.network import build_network
from lkca_mm.inference.pipeline import ImagePipeline


def load_or_draw(
    config: Config,
    checkpoint: str | None,
    device: str = 'auto',
    trust: bool = False,
    seed: int = 0,
) -> TrainedModel:
    """Builds the model of a config.

    Args:
        config: The config.
        checkpoint: Its trained weights; None for those that training starts from.
        device: ``auto``, or a device of PyTorch.
        trust: Whether to load a checkpoint that can run code.
        seed: Seed of the weights where there is no checkpoint.

    Returns:
        The model in evaluation mode, on the device.

    Raises:
        ConfigError: If the config or the device is wrong.
        CheckpointError: If the checkpoint is unreadable or of another model.
    """
    if checkpoint is not None:
        return load_model(config, checkpoint, device, trust)
    where = resolve_device(device)
    torch.manual_seed(seed)
    network = build_network(config)
    network.init_weights()
    return TrainedModel(
        network=network.to(where).eval(),
        pipeline=ImagePipeline(config),
        metainfo={'classes': None, 'palette': None},
    )


def describe_weights(checkpoint: str | None) -> str:
    """Returns what a picture says of a model's weights."""
    if checkpoint is None:
        return 'untrained, random weights'
    return str(Path(*Path(checkpoint).parts[-2:]))
