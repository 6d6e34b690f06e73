"""Position embeddings on grids that they were not learned on."""

import torch
from torch import Tensor
from torch.nn import functional as F

INTERPOLATE_MODES = ('bicubic', 'bilinear', 'nearest')


def resample_position_embedding(
    pos_embed: Tensor, grid: tuple[int, int], mode: str = 'bicubic'
) -> Tensor:
    """Resamples a position embedding to another grid.

    Args:
        pos_embed: Embedding of shape (1, H, W, C).
        grid: The new grid (H', W').
        mode: One of ``INTERPOLATE_MODES``.

    Returns:
        Embedding of shape (1, H', W', C) in the type of ``pos_embed``. The
        arithmetic is in fp32 at least: bicubic weights lose too much in bf16.
    """
    if tuple(pos_embed.shape[1:3]) == tuple(grid):
        return pos_embed
    image = pos_embed.permute(0, 3, 1, 2)
    image = image.to(torch.float64 if image.dtype == torch.float64 else torch.float32)
    align_corners = None if mode == 'nearest' else False
    image = F.interpolate(image, size=grid, mode=mode, align_corners=align_corners)
    return image.permute(0, 2, 3, 1).to(pos_embed.dtype)
