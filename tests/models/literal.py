"""The paper's trunk restated: patches, sliding windows, projections and MLPs, step by step."""

import torch
from torch.nn import functional as F

from lkca_mm.ops import lkca_reference


def linear(z, weights, name):
    """A projection that is not there leaves its input as it is."""
    if f'{name}.weight' not in weights:
        return z
    return z @ weights[f'{name}.weight'].flatten(1).T + weights.get(f'{name}.bias', 0)


def norm(z, weights, name, eps):
    mean = z.mean(-1, keepdim=True)
    variance = (z - mean).square().mean(-1, keepdim=True)
    scaled = (z - mean) / (variance + eps).sqrt()
    return scaled * weights[f'{name}.weight'] + weights[f'{name}.bias']


def literal_tokens(weights, image, patch, num_layers, eps):
    """Equations 1 to 3: tokens (B, N, C) after the last layer, and their grid."""
    batch, _, height, width = image.shape
    grid = (height // patch, width // patch)
    patches = image.reshape(batch, 3, grid[0], patch, grid[1], patch).permute(0, 2, 4, 1, 3, 5)
    z = linear(patches.reshape(batch, grid[0] * grid[1], -1), weights, 'patch_embed.projection')
    z = z + weights['pos_embed'].flatten(1, 2)
    for layer in (f'layers.{i}' for i in range(num_layers)):
        normed = norm(z, weights, f'{layer}.norm1', eps)
        value = linear(normed, weights, f'{layer}.mixer.value')
        mixed = lkca_reference(value, weights[f'{layer}.mixer.kernel'], grid)
        if f'{layer}.mixer.gate.weight' in weights:
            gated = linear(normed, weights, f'{layer}.mixer.gate')
            mixed = mixed * gated * torch.sigmoid(gated)
        z = z + linear(mixed, weights, f'{layer}.mixer.proj')
        hidden = linear(norm(z, weights, f'{layer}.norm2', eps), weights, f'{layer}.mlp.fc1')
        z = z + linear(F.gelu(hidden), weights, f'{layer}.mlp.fc2')
    return z, grid
