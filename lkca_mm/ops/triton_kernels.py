"""The two Triton kernels of the operator: the implicit Toeplitz product, and its adjoint.

Written on the grid's offsets ``d``, the operator and all its gradients are::

    product      y[p]  = sum over q of  kernel[q - p] * x[q]
    flipped      y[p]  = sum over q of  kernel[p - q] * x[q]
    correlation  c[d]  = sum over p of  a[p] * b[p + d]

Kernels are fitted to (2H-1) x (2W-1) taps, so every pair of tokens has a tap. Of
batch and channels only their product matters: the pairs (image, channel of the
group) are numbered through as *columns*, which fills tiles with few channels too.
"""
# ruff: noqa: ANN001, ANN201, ANN202 - Triton reads annotations as the types of its own language.

import triton
import triton.language as tl

if not hasattr(tl, 'gather'):
    raise ImportError('Triton before 3.2 cannot gather')


@triton.jit
def _column_offsets(column, tokens, channels, share):
    # 64 bits, because a large batch holds more than 2**31 elements; one image does not.
    return (column // share).to(tl.int64) * (tokens * channels) + column % share


@triton.jit
def _tap_position(token, tokens, width):
    # A kernel's row is 2W-1 taps long, so a step of W tokens is one of 2W-1 taps.
    # Tokens past the end repeat the last one, which keeps every tap inside the kernel.
    token = tl.minimum(token, tokens - 1)
    return token + (token // width) * (width - 1)


@triton.jit
def product_kernel(
    x,
    kernel,
    y,
    tokens,
    width,
    channels,
    share,
    columns,
    centre,
    reach,
    bucket,
    FLIP: tl.constexpr,
    PRECISION: tl.constexpr,
    BLOCK_M: tl.constexpr,
    BLOCK_N: tl.constexpr,
    BLOCK_K: tl.constexpr,
):
    """Writes one tile of BLOCK_M tokens by BLOCK_N columns of one group's output.

    Args:
        x: Tokens (B, N, C).
        kernel: Kernels (G, 2H-1, 2W-1).
        y: Output (B, N, C).
        tokens: N.
        width: W.
        channels: C.
        share: Channels of a group, C / G.
        columns: B * C / G.
        centre: Flat index of a kernel's centre tap; 2 * centre + 1 taps are one kernel.
        reach: Rows above and below the centre that may hold other taps than zero.
        bucket: Key of the tuning alone.
        FLIP: Whether the kernel acts turned by 180 degrees.
        PRECISION: ``input_precision`` of the dot.
        BLOCK_M: Tokens written.
        BLOCK_N: Columns written.
        BLOCK_K: Tokens read at a time.
    """
    # Programs that run together share their columns, so x comes from the L2 cache.
    tiles = tl.cdiv(tokens, BLOCK_M)
    first = (tl.program_id(0) % tiles) * BLOCK_M
    column = (tl.program_id(0) // tiles) * BLOCK_N + tl.arange(0, BLOCK_N)
    group = tl.program_id(1)
    kernel += group.to(tl.int64) * (2 * centre + 1) + centre
    offsets = _column_offsets(column, tokens, channels, share) + group * share

    token = first + tl.arange(0, BLOCK_M)
    position = _tap_position(token, tokens, width)
    # Rows of the grid that no tap reaches are not read.
    last = tl.minimum(first + BLOCK_M, tokens) - 1
    low = tl.maximum(first // width - reach, 0) * width
    high = tl.minimum((last // width + reach + 1) * width, tokens)

    total = tl.zeros((BLOCK_M, BLOCK_N), dtype=tl.float32)
    for start in range(low, high, BLOCK_K):
        source = start + tl.arange(0, BLOCK_K)
        values = tl.load(
            x + (source * channels)[:, None] + offsets[None, :],
            mask=(source < tokens)[:, None] & (column < columns)[None, :],
            other=0.0,
        )
        # The Toeplitz tile. A kernel is a few kilobytes and stays in the L1 cache; the
        # tile itself lives in registers and shared memory. It is formed on its side,
        # because then a warp's lanes lie along the sources, and each thread works out
        # the position of one source instead of many, a division each.
        tap = _tap_position(source, tokens, width)[:, None] - position[None, :]
        if FLIP:
            tap = -tap
        matrix = tl.trans(tl.load(kernel + tap))
        total = tl.dot(matrix, values, total, input_precision=PRECISION)

    tl.store(
        y + (token * channels)[:, None] + offsets[None, :],
        total.to(y.dtype.element_ty),
        mask=(token < tokens)[:, None] & (column < columns)[None, :],
    )


@triton.jit
def _load_patch(
    source, block_y, block_x, offsets, valid, height, width, channels,
    PATCH_H: tl.constexpr, PATCH_W: tl.constexpr,
):  # fmt: skip
    place = tl.arange(0, PATCH_H * PATCH_W)
    row = block_y * PATCH_H + place // PATCH_W
    col = block_x * PATCH_W + place % PATCH_W
    return tl.load(
        source + ((row * width + col) * channels)[:, None] + offsets[None, :],
        mask=((row < height) & (col < width))[:, None] & valid[None, :],
        other=0.0,
    )


@triton.jit
def correlation_kernel(
    a,
    b,
    sums,
    height,
    width,
    channels,
    columns,
    chunk,
    span_y,
    span_x,
    bucket,
    SHARE: tl.constexpr,
    PRECISION: tl.constexpr,
    PATCH_H: tl.constexpr,
    PATCH_W: tl.constexpr,
    BLOCK_K: tl.constexpr,
):
    """Correlates all pairs of patches that lie the same number of patches apart.

    The grid is cut into patches of PATCH_H x PATCH_W tokens. Pairs of patches with
    one offset D have one and the same Toeplitz structure, so their products
    ``a_patch @ b_patch.T`` add up in one tile of registers. Only at the end are the
    tile's diagonals summed, and each program writes into a place of its own: no
    atomics, and the same bits each time. N x N flops, (2H-1) x (2W-1) sums.

    Args:
        a: Tokens (B, N, C), the unshifted factor.
        b: Tokens (B, N, C), the factor at p + d.
        sums: Zeros (splits * 4, G, (span_y + 1) * PATCH_H, (span_x + 1) * PATCH_W) in
            fp32; over its first dimension it sums up to the correlation.
        height: H.
        width: W.
        channels: C.
        columns: B * C / G.
        chunk: Columns of one split, a multiple of BLOCK_K.
        span_y: Number of vertical offsets D, odd.
        span_x: Number of horizontal offsets D, odd.
        bucket: Key of the tuning alone.
        SHARE: Channels of a group, C / G; a constant, because the loop divides by it.
        PRECISION: ``input_precision`` of the dot.
        PATCH_H: Rows of a patch, a power of two.
        PATCH_W: Columns of a patch, a power of two.
        BLOCK_K: Columns read at a time.
    """
    PATCH: tl.constexpr = PATCH_H * PATCH_W
    block = tl.program_id(0)
    group = tl.program_id(1)
    split = tl.program_id(2)
    offset_y = block // span_x - span_y // 2
    offset_x = block % span_x - span_x // 2
    first_y = tl.maximum(-offset_y, 0)
    first_x = tl.maximum(-offset_x, 0)
    pairs_y = tl.cdiv(height, PATCH_H) - tl.abs(offset_y)
    pairs_x = tl.cdiv(width, PATCH_W) - tl.abs(offset_x)

    # One flat loop, because Triton pipelines the loads of innermost loops only.
    steps = chunk // BLOCK_K
    total = tl.zeros((PATCH, PATCH), dtype=tl.float32)
    for step in range(0, pairs_y * pairs_x * steps):
        pair = step // steps
        block_y = pair // pairs_x + first_y
        block_x = pair % pairs_x + first_x
        column = split * chunk + (step % steps) * BLOCK_K + tl.arange(0, BLOCK_K)
        offsets = _column_offsets(column, height * width, channels, SHARE) + group * SHARE
        left = _load_patch(
            a, block_y, block_x, offsets, column < columns,
            height, width, channels, PATCH_H, PATCH_W,
        )  # fmt: skip
        right = _load_patch(
            b, block_y + offset_y, block_x + offset_x, offsets, column < columns,
            height, width, channels, PATCH_H, PATCH_W,
        )  # fmt: skip
        total = tl.dot(left, tl.trans(right), total, input_precision=PRECISION)

    # Column d of `aligned` holds, of every row p, the element at p + d, where the
    # offset d in the patch goes round at its edges.
    place = tl.arange(0, PATCH)
    y = (place // PATCH_W)[:, None] + (place // PATCH_W)[None, :]
    x = (place % PATCH_W)[:, None] + (place % PATCH_W)[None, :]
    aligned = tl.gather(total, (y % PATCH_H) * PATCH_W + x % PATCH_W, axis=1)

    # What went round belongs to the offset that is one patch less.
    rows = (span_y + 1) * PATCH_H
    cols = (span_x + 1) * PATCH_W
    to_y = (block // span_x) * PATCH_H + place // PATCH_W
    to_x = (block % span_x) * PATCH_W + place % PATCH_W
    for below in tl.static_range(2):
        for beside in tl.static_range(2):
            inside = ((y < PATCH_H) == (below == 1)) & ((x < PATCH_W) == (beside == 1))
            copy = split * 4 + below * 2 + beside
            tl.store(
                sums
                + (copy * tl.num_programs(1) + group).to(tl.int64) * (rows * cols)
                + (to_y + below * PATCH_H) * cols
                + (to_x + beside * PATCH_W),
                tl.sum(tl.where(inside, aligned, 0.0), axis=0),
            )


# In Triton's interpreter (TRITON_INTERPRET=1) kernels run on the CPU, tile by tile.
INTERPRETED = not isinstance(product_kernel, triton.JITFunction)
