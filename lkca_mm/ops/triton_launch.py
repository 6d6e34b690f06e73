"""How the Triton kernels are cut into programs: tiles, patches, splits."""

from typing import Any

import torch
import triton
from torch import Tensor

from lkca_mm.ops.triton_kernels import INTERPRETED, correlation_kernel, product_kernel

# (BLOCK_M, BLOCK_N, BLOCK_K, warps, stages). Wide tiles use a Toeplitz tile often;
# narrow ones serve few columns, and fp32, whose accumulation needs more registers.
PRODUCT_TILES = (
    (128, 256, 64, 8, 3),
    (64, 256, 64, 8, 3),
    (128, 128, 64, 8, 3),
    (64, 128, 32, 4, 3),
    (64, 64, 32, 4, 3),
    (64, 32, 32, 4, 3),
    (64, 16, 32, 4, 3),
)
# (BLOCK_K, stages); the patch is chosen by the grid.
CORRELATION_TILES = ((64, 3), (64, 2), (32, 4), (32, 2))
# Tokens in a patch, and how much slower than the largest it runs for each pair of
# tokens. Estimates: they only weigh smaller tiles against less padding.
PATCH_COST = {128: 1.0, 64: 1.5, 32: 3.0, 16: 8.0}
# Programs of the correlation for each multiprocessor: several, since those of
# central offsets have more to do than those of the corners.
PROGRAMS_PER_PROCESSOR = 4


def _few_tiles(configs: list[triton.Config], arguments: dict[str, Any], **_: Any) -> list:
    """Drops tiles that are far wider or narrower than the columns, or too large for fp32."""
    columns = arguments['bucket']
    area = 128 * 64 if arguments['x'].element_size() == 4 else 128 * 256
    fitting = [
        config
        for config in configs
        if min(columns, 64) <= config.kwargs['BLOCK_N'] <= columns
        and config.kwargs['BLOCK_M'] * config.kwargs['BLOCK_N'] <= area
    ]
    return fitting or configs[-1:]


def _few_steps(configs: list[triton.Config], arguments: dict[str, Any], **_: Any) -> list:
    """Drops steps that are longer than a split."""
    return [config for config in configs if config.kwargs['BLOCK_K'] <= arguments['chunk']]


_SHAPE = ['width', 'channels', 'bucket', 'PRECISION']
tuned_product = triton.autotune(
    configs=[
        triton.Config(dict(BLOCK_M=m, BLOCK_N=n, BLOCK_K=k), num_warps=warps, num_stages=stages)
        for m, n, k, warps, stages in PRODUCT_TILES
    ],
    key=['tokens', 'share', 'reach', *_SHAPE],
    prune_configs_by={'early_config_prune': _few_tiles},
)(product_kernel)
tuned_correlation = triton.autotune(
    configs=[
        triton.Config(dict(BLOCK_K=k), num_warps=8, num_stages=stages)
        for k, stages in CORRELATION_TILES
    ],
    key=['height', 'SHARE', 'chunk', *_SHAPE],
    prune_configs_by={'early_config_prune': _few_steps},
)(correlation_kernel)


def _precision(tensor: Tensor) -> str:
    """Multiplies fp32 the way PyTorch's own matrix products are told to."""
    matmul = torch.backends.cuda.matmul
    # From PyTorch 2.9 on, reading the older of the two settings may raise.
    if hasattr(matmul, 'fp32_precision'):
        allowed = matmul.fp32_precision == 'tf32'
    else:
        allowed = matmul.allow_tf32
    return 'tf32' if allowed and tensor.dtype == torch.float32 else 'ieee'


def _must_widen(tensor: Tensor) -> bool:
    """The interpreter multiplies the bits of bf16 as if they were integers."""
    return INTERPRETED and tensor.dtype == torch.bfloat16


def _bucket(columns: int) -> int:
    """Rounds up, so that not every batch size is tuned anew."""
    return max(16, triton.next_power_of_2(columns))


def choose_patch(grid: tuple[int, int], element_size: int) -> tuple[int, int]:
    """Returns the patch that costs the least, padding of the grid included."""

    def cost(patch: tuple[int, int]) -> float:
        padded = 1
        for size, step in zip(grid, patch, strict=True):
            padded *= -(-size // step) * step
        return padded**2 * PATCH_COST[patch[0] * patch[1]]

    # 128 x 128 sums of fp32 products take more registers than there are.
    areas = [area for area in PATCH_COST if area < 128 or element_size < 4 or INTERPRETED]
    patches = [(area // wide, wide) for area in areas for wide in (8, 16, 4, 32, 2, 64, 1)]
    return min((patch for patch in patches if patch[0] > 0), key=cost)


def product(
    x: Tensor, kernel: Tensor, grid: tuple[int, int], reach: tuple[int, int], flip: bool
) -> Tensor:
    """Computes y[p] = sum over q of kernel[q - p] * x[q], or kernel[p - q] if ``flip``.

    Args:
        x: Contiguous tokens (B, N, C).
        kernel: Contiguous kernels (G, 2H-1, 2W-1).
        grid: (H, W).
        reach: Taps further than (rows, columns) from the centre are zeros.
        flip: Whether the kernel acts turned by 180 degrees.

    Returns:
        Tokens (B, N, C).
    """
    batch, tokens, channels = x.shape
    groups = kernel.shape[0]
    columns = batch * channels // groups
    if _must_widen(x):
        return product(x.float(), kernel.float(), grid, reach, flip).to(x.dtype)
    y = torch.empty_like(x)
    if columns == 0:
        return y

    def programs(meta: dict[str, int]) -> tuple[int, int]:
        tiles = triton.cdiv(tokens, meta['BLOCK_M']) * triton.cdiv(columns, meta['BLOCK_N'])
        return tiles, groups

    constants: dict[str, Any] = dict(FLIP=flip, PRECISION=_precision(x))
    run = tuned_product
    if INTERPRETED:
        run = product_kernel
        constants.update(BLOCK_M=128, BLOCK_N=32, BLOCK_K=64)
    with torch.cuda.device_of(x):
        run[programs](
            x,
            kernel,
            y,
            tokens,
            grid[1],
            channels,
            channels // groups,
            columns,
            kernel.shape[1] * kernel.shape[2] // 2,
            reach[0],
            _bucket(columns),
            **constants,
        )
    return y


def correlation(
    a: Tensor, b: Tensor, groups: int, grid: tuple[int, int], reach: tuple[int, int]
) -> Tensor:
    """Computes c[g, d] = sum over images, channels of g and p of a[p] * b[p + d].

    Args:
        a: Contiguous tokens (B, N, C).
        b: Contiguous tokens (B, N, C).
        groups: G.
        grid: (H, W).
        reach: Offsets further than (rows, columns) are not wanted; they may be zeros.

    Returns:
        Sums (G, 2H-1, 2W-1) in fp32.
    """
    batch, _, channels = a.shape
    columns = batch * channels // groups
    if _must_widen(a):
        return correlation(a.float(), b.float(), groups, grid, reach)
    patch = choose_patch(grid, a.element_size())
    # Patches that lie further apart have no wanted pair, or no pair at all.
    far = [
        min(triton.cdiv(size, step) - 1, triton.cdiv(limit, step))
        for size, step, limit in zip(grid, patch, reach, strict=True)
    ]
    spans = [2 * distance + 1 for distance in far]
    blocks = spans[0] * spans[1]

    processors = 2
    if not INTERPRETED:
        processors = torch.cuda.get_device_properties(a.device).multi_processor_count
    splits = triton.cdiv(processors * PROGRAMS_PER_PROCESSOR, blocks * groups)
    chunk = max(32, triton.next_power_of_2(triton.cdiv(columns, splits)))
    splits = triton.cdiv(columns, chunk)
    size = [(span + 1) * step for span, step in zip(spans, patch, strict=True)]
    sums = a.new_zeros(splits * 4, groups, *size, dtype=torch.float32)

    constants: dict[str, Any] = dict(
        SHARE=channels // groups, PRECISION=_precision(a), PATCH_H=patch[0], PATCH_W=patch[1]
    )
    run = tuned_correlation
    if INTERPRETED:
        run = correlation_kernel
        constants.update(BLOCK_K=32)
    if splits:
        with torch.cuda.device_of(a):
            run[(blocks, groups, splits)](
                a,
                b,
                sums,
                *grid,
                channels,
                columns,
                chunk,
                *spans,
                _bucket(columns),
                **constants,
            )

    # From the blocks' canvas to the kernel's: the centre tap stays the centre.
    top, left = (side - 1 - (d + 1) * p for side, d, p in zip(grid, far, patch, strict=True))
    bottom, right = (
        2 * side - 1 - edge - whole
        for side, edge, whole in zip(grid, (top, left), size, strict=True)
    )
    return torch.nn.functional.pad(sums.sum(0), (left, right, top, bottom))
