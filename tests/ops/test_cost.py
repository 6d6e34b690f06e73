"""The choice of a backend follows the documented rule."""

import pytest

from lkca_mm.ops import choose_backend, multiply_adds


@pytest.mark.parametrize(
    ('kernel', 'grid', 'groups', 'chosen'),
    [
        (15, 8, 1, 'toeplitz'),  # CIFAR, full kernel
        (31, 16, 1, 'toeplitz'),  # UPerNet at 512 x 512
        (63, 32, 1, 'toeplitz'),  # FPN at 512 x 512
        (63, 32, 12, 'fft'),  # so many matrices cost more than they save
        (127, 64, 1, 'fft'),
        (63, 32, 384, 'fft'),  # depthwise
        (7, 32, 1, 'conv'),
        (3, 8, 1, 'conv'),
        (255, 128, 1, 'fft'),  # a matrix of 1 GiB
    ],
)
def test_choice_on_a_cpu(kernel, grid, groups, chosen):
    assert choose_backend('cpu', 4, (kernel, kernel), (grid, grid), groups, 384) == chosen


def test_matrix_limit_is_in_bytes():
    shape = ((127, 127), (96, 96), 1, 4096)
    assert choose_backend('cuda', 2, *shape) == 'toeplitz'
    assert choose_backend('cuda', 4, *shape) != 'toeplitz'


def test_counts_by_hand():
    # 5 x 3 taps on 4 x 6 tokens; the kernel is cut to what reaches: 5 x 3 of 7 x 11.
    assert multiply_adds('conv', (5, 3), (4, 6), 1, 8) == 15 * 24 * 8
    assert multiply_adds('conv', (9, 13), (4, 6), 1, 8) == 7 * 11 * 24 * 8
    assert multiply_adds('toeplitz', (5, 3), (4, 6), 2, 8) == 24 * 24 * (8 + 2)
    # Circles of 4 + 2 and 6 + 1 tokens, lengthened to 6 and 8.
    assert multiply_adds('fft', (5, 3), (4, 6), 1, 8) == pytest.approx(2 * 48 * 5.585 * 8, rel=1e-3)
