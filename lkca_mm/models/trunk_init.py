"""How a trunk's weights are drawn before training."""

import torch
from torch import nn

WEIGHT_INITS = ('trunc_normal', 'xavier_normal')


def init_trunk(trunk: nn.Module, weight_init: str, embed_std: float) -> None:
    """Draws the Linears, the patch projection and the embeddings of a trunk.

    The kernels of LKCA have a setting of their own, and LayerNorms start as 1 and 0.

    Args:
        trunk: A :class:`lkca_mm.models.VisionTrunk`.
        weight_init: One of ``WEIGHT_INITS``.
        embed_std: Standard deviation of position embedding and class token.
    """
    draw = _xavier_normal if weight_init == 'xavier_normal' else _trunc_normal
    for name, module in trunk.named_modules():
        if isinstance(module, (nn.Linear, nn.Conv2d)):
            draw(name, module)
    draw_embedding = nn.init.normal_ if weight_init == 'xavier_normal' else nn.init.trunc_normal_
    for name in ('pos_embed', 'cls_token', 'cls_pos_embed'):
        if hasattr(trunk, name):
            draw_embedding(getattr(trunk, name), std=embed_std)


def _trunc_normal(name: str, module: nn.Linear | nn.Conv2d) -> None:
    """Draws a projection as ViT is trained from scratch in mmseg and timm."""
    if isinstance(module, nn.Conv2d):
        nn.init.kaiming_normal_(module.weight, mode='fan_in', nonlinearity='relu')
        if module.bias is not None:
            nn.init.zeros_(module.bias)
        return
    nn.init.trunc_normal_(module.weight, std=0.02)
    if module.bias is not None:
        # Small but not zero in the MLP: the original JAX code of ViT.
        nn.init.normal_(module.bias, std=1e-6 if 'mlp' in name else 0.0)


@torch.no_grad()
def _xavier_normal(name: str, module: nn.Linear | nn.Conv2d) -> None:
    """Draws a projection with the variance 2 / (inputs + outputs)."""
    # A patch projection is a Linear over the pixels of a patch; Conv2d's own
    # rule would count its outputs once for every pixel.
    nn.init.xavier_normal_(module.weight.flatten(1))
    if module.bias is not None:
        nn.init.zeros_(module.bias)
