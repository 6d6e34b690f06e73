"""Weights of mmseg's vision transformer under this package's names."""

import re

from torch import Tensor

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
    """
    converted = {}
    for name, value in state_dict.items():
        if name == 'pos_embed':  # (1, 1 + H*W, C), the class token's first
            grid = grid or (round((value.shape[1] - 1) ** 0.5),) * 2
            converted['cls_pos_embed'] = value[:, :1]
            converted['pos_embed'] = value[:, 1:].reshape(1, *grid, -1)
            continue
        if layer := re.fullmatch(r'layers\.(\d+)\.(.+)', name):
            start = next((start for start in _LAYER_NAMES if layer[2].startswith(start)), '')
            name = f'layers.{layer[1]}.{_LAYER_NAMES.get(start, "")}{layer[2][len(start) :]}'
        elif name.startswith(('ln1.', 'norm1.')):
            name = f'final_norm.{name.partition(".")[2]}'
        converted[name] = value
    return converted
