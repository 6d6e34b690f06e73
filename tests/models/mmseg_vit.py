"""Weights, or gradients, of mmseg's VisionTransformer under the names of PlainViT."""

import re

# mmseg's name -> ours, inside one layer
_LAYER_NAMES = {
    'ln1': 'norm1',
    'ln2': 'norm2',
    'attn.attn.in_proj_': 'mixer.qkv.',
    'attn.attn.out_proj': 'mixer.proj',
    'ffn.layers.0.0': 'mlp.fc1',
    'ffn.layers.1': 'mlp.fc2',
}


def renamed(theirs, grid):
    ours = {}
    for name, value in theirs.items():
        if name == 'pos_embed':
            ours['cls_pos_embed'] = value[:, :1]
            ours['pos_embed'] = value[:, 1:].reshape(1, *grid, -1)
            continue
        if layer := re.fullmatch(r'layers\.(\d+)\.(.+)', name):
            start = next((start for start in _LAYER_NAMES if layer[2].startswith(start)), '')
            name = f'layers.{layer[1]}.{_LAYER_NAMES.get(start, start)}{layer[2][len(start) :]}'
        elif name.startswith(('ln1.', 'norm1.')):
            name = f'final_norm.{name.partition(".")[2]}'
        ours[name] = value
    return ours
