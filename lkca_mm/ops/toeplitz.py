"""The attention view as one matrix product (paper 3.2.1)."""

from torch import Tensor

from lkca_mm.ops.kernel import fit_kernel


def toeplitz_matrix(weight: Tensor, grid: tuple[int, int]) -> Tensor:
    """Builds the doubly-block Toeplitz matrix of the kernels.

    Args:
        weight: Kernels of shape (G, Kh, Kw), Kh and Kw odd.
        grid: The token grid (H, W).

    Returns:
        Matrices of shape (G, H*W, H*W): row p, column q is the tap q - p.
    """
    height, width = grid
    canvas = fit_kernel(weight, (2 * height - 1, 2 * width - 1))
    # All windows of H x W, first the one at the top left, which is the last row.
    windows = canvas.unfold(1, height, 1).unfold(2, width, 1).flip(1, 2)
    num_tokens = height * width
    return windows.reshape(weight.shape[0], num_tokens, num_tokens)


def lkca_toeplitz(x: Tensor, weight: Tensor, grid: tuple[int, int]) -> Tensor:
    """Multiplies the tokens by the Toeplitz matrix.

    The whole batch is one product (one a kernel), and so are both gradients.
    See :func:`lkca_mm.ops.lkca` for the shapes.
    """
    batch, num_tokens, channels = x.shape
    groups = weight.shape[0]
    matrix = toeplitz_matrix(weight, grid)
    if groups == 1:
        columns = x.transpose(0, 1).reshape(num_tokens, batch * channels)
        mixed = matrix[0] @ columns
        return mixed.reshape(num_tokens, batch, channels).transpose(0, 1).contiguous()
    columns = x.reshape(batch, num_tokens, groups, channels // groups).permute(2, 1, 0, 3)
    mixed = matrix @ columns.reshape(groups, num_tokens, -1)
    mixed = mixed.reshape(groups, num_tokens, batch, channels // groups).permute(2, 1, 0, 3)
    return mixed.reshape(batch, num_tokens, channels)
