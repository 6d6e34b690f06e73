"""Which parts of a model are gathered and given back together when processes share it."""

from mmengine.registry import FUNCTIONS
from torch import nn

from lkca_mm.models.vit import TransformerLayer


@FUNCTIONS.register_module()
def wrap_transformer_layers(module: nn.Module, recurse: bool, nonwrapped_numel: int) -> bool:
    """Makes each transformer layer a unit of its own, as FSDP's ``auto_wrap_policy``.

    So no process ever holds the whole weights of more layers than it is computing.

    Args:
        module: A part of the model.
        recurse: Whether the question is to look into the part, or to wrap it.
        nonwrapped_numel: How many weights it has that belong to no unit yet.
    """
    return recurse or isinstance(module, TransformerLayer)
