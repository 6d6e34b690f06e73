"""The network to export: with a checkpoint's weights, or with random ones."""

import torch
from mmengine.config import Config
from mmengine.model import revert_sync_batchnorm
from mmengine.registry import MODELS, init_default_scope
from torch import nn

from lkca_mm.errors import ConfigError
from lkca_mm.inference.metainfo import Metainfo, find_metainfo
from lkca_mm.inference.model import load_model
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


def segments(network: nn.Module) -> bool:
    """Whether a network predicts a class a pixel (else one an image)."""
    return hasattr(network, 'decode_head')


def _random_network(config: Config) -> nn.Module:
    init_default_scope(config.get('default_scope') or 'mmseg')
    settings = dict(config.model)
    if config.get('data_preprocessor') is not None:
        settings.setdefault('data_preprocessor', config.data_preprocessor)
    torch.manual_seed(0)
    network = revert_sync_batchnorm(MODELS.build(settings))
    for module in network.modules():
        if isinstance(module, LKCAMixer) and not module.kernel.any():
            nn.init.trunc_normal_(module.kernel, std=0.02)
    return network
