"""Adaptive average pooling to sizes that do not divide the map."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F


def _averages(size: int, target: int) -> Tensor:
    """Returns the matrix (target, size) that averages a line as PyTorch's pooling does."""
    return F.adaptive_avg_pool1d(torch.eye(size)[None], target)[0].T.contiguous()


class PoolingProduct(nn.Module):
    """Average pooling of maps of one size as two products with constants.

    ONNX has no adaptive pooling. Where the pooled size divides the map it is plain
    average pooling; windows of unequal sizes, as in the pyramid of UPerNet, are not.

    Args:
        size: Height and width of the maps.
        target: Height and width of the pooled maps.
    """

    def __init__(self, size: tuple[int, int], target: tuple[int, int]) -> None:
        super().__init__()
        self.register_buffer('rows', _averages(size[0], target[0]))
        self.register_buffer('columns', _averages(size[1], target[1]).T.contiguous())

    def forward(self, x: Tensor) -> Tensor:
        """Pools maps of shape (B, C, H, W)."""
        return self.rows @ x @ self.columns
