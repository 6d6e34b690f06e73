"""Networks as a config describes them, and what they predict."""

from mmengine.config import Config
from mmengine.model import revert_sync_batchnorm
from mmengine.registry import MODELS, init_default_scope
from torch import nn


def build_network(config: Config) -> nn.Module:
    """Builds the model of a config for one process, on the CPU.

    Args:
        config: The config. As a Runner does, mmpretrain completes its settings in place.

    Returns:
        The mmseg or mmpretrain model, with the weights that its constructors draw.
    """
    init_default_scope(config.get('default_scope') or 'mmseg')
    settings = dict(config.model)
    if config.get('data_preprocessor') is not None:
        # As the Runner does: some data sets' configs keep it beside the model.
        settings.setdefault('data_preprocessor', config.data_preprocessor)
    # SyncBN needs several processes; in one of them it is BN.
    return revert_sync_batchnorm(MODELS.build(settings))


def segments(network: nn.Module) -> bool:
    """Whether a network predicts a class a pixel (else one an image)."""
    return hasattr(network, 'decode_head')
