"""Weights of other packages' vision transformers, under this package's names."""

import re

from torch import Tensor

from lkca_mm.errors import CheckpointError

# mmseg's name -> ours, inside one layer
_LAYER_NAMES = {
    'ln1': 'norm1',
    'ln2': 'norm2',
    'attn.attn.in_proj_': 'mixer.qkv.',
    'attn.attn.out_proj': 'mixer.proj',
    'ffn.layers.0.0': 'mlp.fc1',
    'ffn.layers.1': 'mlp.fc2',
}


def convert_mmseg_vit(
    state_dict: dict[str, Tensor], grid: tuple[int, int] | None = None
) -> dict[str, Tensor]:
    """Renames the weights of mmseg's ``VisionTransformer`` to those of ``PlainViT``.

    Args:
        state_dict: Weights of the backbone alone, without a ``backbone.`` prefix.
        grid: The grid (H, W) of its position embedding; square if None.

    Returns:
        Weights for ``PlainViT(patch_bias=...)`` of the same settings.

    Raises:
        CheckpointError: If the weights are not those of such a model.
    """
    if 'pos_embed' not in state_dict or 'cls_token' not in state_dict:
        raise CheckpointError('these weights are not of an mmseg VisionTransformer: no pos_embed')
    converted = {}
    for name, value in state_dict.items():
        if name == 'pos_embed':
            num_patches = value.shape[1] - 1
            height, width = grid or (round(num_patches**0.5),) * 2
            if height * width != num_patches:
                raise CheckpointError(
                    f'pos_embed holds {num_patches} patches, not a grid of {height} x {width}'
                )
            converted['cls_pos_embed'] = value[:, :1]
            converted['pos_embed'] = value[:, 1:].reshape(1, height, width, -1)
            continue
        layer = re.fullmatch(r'layers\.(\d+)\.(.+)', name)
        if layer:
            inner = layer[2]
            for theirs, ours in _LAYER_NAMES.items():
                if inner.startswith(theirs):
                    inner = ours + inner[len(theirs) :]
                    break
            name = f'layers.{layer[1]}.{inner}'
        elif name.startswith('ln1.') or name.startswith('norm1.'):
            name = 'final_norm.' + name.split('.', 1)[1]
        converted[name] = value
    return converted
