"""A network for images of one size: what depends on the size alone becomes a constant."""

import copy

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from lkca_mm.models import LKCAMixer, VisionTrunk, resample_position_embedding
from lkca_mm.ops.toeplitz import toeplitz_matrix


class ConstantMixer(LKCAMixer):
    """An :class:`LKCAMixer` for one grid, whose operator is a product with a constant matrix.

    Projections, gate and prefix tokens stay the mixer's own.
    """

    @classmethod
    def convert(cls, mixer: LKCAMixer, grid: tuple[int, int]) -> None:
        """Turns a mixer into one for the token grid (H, W) alone, in place."""
        matrix = toeplitz_matrix(mixer.kernel.detach(), grid)
        mixer.__class__ = cls
        # (H*W, H*W), or (G, H*W, H*W) for G kernels.
        mixer.register_buffer('matrix', matrix[0] if len(matrix) == 1 else matrix)
        del mixer.kernel

    def mix(self, value: Tensor, grid: tuple[int, int]) -> Tensor:
        """Mixes values of shape (B, H*W, C)."""
        if self.matrix.dim() == 2:
            return self.matrix @ value
        groups, num_tokens, _ = self.matrix.shape
        # Only the batch is left open: a graph for any batch holds no other shape.
        shares = value.reshape(-1, num_tokens, groups, self.embed_dims // groups).transpose(1, 2)
        return (self.matrix @ shares).transpose(1, 2).reshape(-1, num_tokens, self.embed_dims)


class PoolingProduct(nn.AdaptiveAvgPool2d):
    """Adaptive average pooling of maps of one size as two products with constants.

    ONNX has no adaptive pooling. Where the pooled size divides the map it is plain average
    pooling; in UPerNet's pyramid it does not.
    """

    @classmethod
    def convert(cls, pool: nn.AdaptiveAvgPool2d, size: tuple[int, int]) -> None:
        """Turns a pooling into one for maps of that size (H, W) alone, in place, if it must."""
        target = pool(torch.zeros(1, *size)).shape[1:]
        if all(side % to == 0 for side, to in zip(size, target, strict=True)):
            return
        pool.__class__ = cls
        # Pooling the unit vectors gives the matrix of the averages, (side, target side).
        rows, columns = (
            F.adaptive_avg_pool1d(torch.eye(side)[None], to)[0]
            for side, to in zip(size, target, strict=True)
        )
        pool.register_buffer('rows', rows.T.contiguous())
        pool.register_buffer('columns', columns)

    def forward(self, x: Tensor) -> Tensor:
        """Pools maps of shape (B, C, H, W)."""
        return self.rows @ x @ self.columns


@torch.no_grad()
def fix_size(model: nn.Module, image: Tensor) -> nn.Module:
    """Returns a copy of a model that takes images of the size of ``image`` (B, C, H, W) alone.

    LKCA's matrices are made, position embeddings resampled, and adaptive pooling that ONNX
    lacks turned into products. A module that meets several sizes stays as it is.
    """
    model = copy.deepcopy(model)
    met: dict[nn.Module, set[tuple[int, int]]] = {}
    handles = []

    def watch(module: nn.Module, owner: nn.Module) -> None:
        def note(module: nn.Module, args: tuple, result: Tensor) -> None:
            if isinstance(owner, nn.AdaptiveAvgPool2d):
                height, width = args[0].shape[-2:]
            else:  # the grid: given to a mixer, returned by a patch embedding
                height, width = args[1] if owner is module else result[1]
            met.setdefault(owner, set()).add((int(height), int(width)))

        handles.append(module.register_forward_hook(note))

    for module in model.modules():
        if isinstance(module, (LKCAMixer, nn.AdaptiveAvgPool2d)):
            watch(module, module)
        elif isinstance(module, VisionTrunk):
            watch(module.patch_embed, module)
    model(image)
    for handle in handles:
        handle.remove()
    for module, sizes in met.items():
        if len(sizes) > 1:
            continue
        (size,) = sizes
        if isinstance(module, LKCAMixer):
            ConstantMixer.convert(module, size)
        elif isinstance(module, nn.AdaptiveAvgPool2d):
            PoolingProduct.convert(module, size)
        else:
            resampled = resample_position_embedding(module.pos_embed, size, module.interpolate_mode)
            module.pos_embed = nn.Parameter(resampled, requires_grad=False)
    return model
