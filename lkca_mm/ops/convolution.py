"""The convolution view: one large depthwise convolution (paper 3.2.2)."""

from torch import Tensor
from torch.nn import functional as F

from lkca_mm.ops.kernel import fit_kernel, reachable_size


def lkca_convolution(x: Tensor, weight: Tensor, grid: tuple[int, int]) -> Tensor:
    """Cross-correlates the zero-padded grid of tokens with the kernels.

    Every channel is convolved with its group's kernel. See
    :func:`lkca_mm.ops.lkca` for the shapes.
    """
    batch, num_tokens, channels = x.shape
    groups = weight.shape[0]
    kernel = fit_kernel(weight, reachable_size(weight.shape[1:], grid))
    kernel_height, kernel_width = kernel.shape[1:]
    filters = kernel[:, None].expand(groups, channels // groups, kernel_height, kernel_width)
    image = x.transpose(1, 2).reshape(batch, channels, *grid)
    mixed = F.conv2d(
        image,
        filters.reshape(channels, 1, kernel_height, kernel_width),
        padding=(kernel_height // 2, kernel_width // 2),
        groups=channels,
    )
    return mixed.reshape(batch, channels, num_tokens).transpose(1, 2).contiguous()
