"""The network to export: with a checkpoint's weights, or with random ones."""

import torch
from mmengine.config import Config
from torch import nn

from lkca_mm.errors import ConfigError
from lkca_mm.inference.metainfo import Metainfo, find_metainfo
from lkca_mm.inference.model import load_model
from lkca_mm.inference.network import build_network, segments
from lkca_mm.models import LKCAMixer


def load_network(
    config: Config, checkpoint: str | None = None, trust: bool = False
) -> tuple[nn.Module, Metainfo]:
    """Builds the model of a config on the CPU, in evaluation mode and without gradients.

    Args:
        config: A classification or segmentation config.
        checkpoint: The checkpoint file. Without it the weights are random (seed 0): for
            speed and size. LKCA kernels that start at zero are drawn too, because a
            layer that adds nothing would hide a fault.
        trust: Whether to load a checkpoint that can run code.

    Returns:
        The network, and ``classes`` and ``palette`` where they are known.

    Raises:
        ConfigError: If the model is neither a classifier nor a segmentor.
        CheckpointError: If the checkpoint is unreadable or of another model.
    """
    if checkpoint is not None:
        model = load_model(config, checkpoint, 'cpu', trust)
        network, metainfo = model.network, model.metainfo
    else:
        network, metainfo = _random_network(config), find_metainfo({}, config)
    if not segments(network) and not getattr(network, 'with_head', False):
        raise ConfigError(
            f'{config.filename}: a {type(network).__name__} gives no logits; '
            'classifiers with a head and segmentors can be exported'
        )
    return network.eval().requires_grad_(False), metainfo


def _random_network(config: Config) -> nn.Module:
    torch.manual_seed(0)
    network = build_network(config)
    for module in network.modules():
        if isinstance(module, LKCAMixer) and not module.kernel.any():
            nn.init.trunc_normal_(module.kernel, std=0.02)
    return network
