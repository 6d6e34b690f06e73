"""The choice of a backend follows the documented rule."""

import pytest
import torch

from lkca_mm.ops import choose_backend, cost, dispatch, lkca, multiply_adds


@pytest.mark.parametrize(
    ('kernel', 'grid', 'groups', 'training', 'forward'),
    [
        (15, 8, 1, 'toeplitz', 'toeplitz'),  # CIFAR, full kernel
        (31, 16, 1, 'toeplitz', 'toeplitz'),  # UPerNet at 512 x 512
        (63, 32, 1, 'hybrid', 'hybrid'),  # FPN at 512 x 512
        (63, 32, 12, 'hybrid', 'hybrid'),
        (127, 64, 1, 'hybrid', 'hybrid'),
        (255, 128, 1, 'hybrid', 'hybrid'),
        (63, 32, 384, 'fft', 'conv'),  # depthwise: so many matrices cost more than they save
        (3, 32, 1, 'conv', 'conv'),
        (3, 8, 1, 'conv', 'conv'),
        (7, 16, 1, 'conv', 'conv'),
        (7, 64, 1, 'hybrid', 'conv'),  # the backward pass of conv2d is what takes long
        (15, 64, 1, 'hybrid', 'hybrid'),
    ],
)
def test_choice_on_a_cpu(kernel, grid, groups, training, forward):
    shape = ((kernel, kernel), (grid, grid), groups, 384)
    assert choose_backend('cpu', 4, *shape) == training
    assert choose_backend('cpu', 4, *shape, training=False) == forward


@pytest.mark.parametrize('grad', [True, False])
@pytest.mark.parametrize('x_grad', [True, False])
@pytest.mark.parametrize('weight_grad', [True, False])
def test_auto_knows_whether_a_gradient_will_be_asked_for(monkeypatch, grad, x_grad, weight_grad):
    asked = []
    monkeypatch.setattr(
        dispatch, 'choose_backend', lambda *shape, training: asked.append(training) or 'conv'
    )
    x = torch.zeros(1, 4, 2, requires_grad=x_grad)
    weight = torch.zeros(1, 3, 3, requires_grad=weight_grad)
    with torch.set_grad_enabled(grad):
        lkca(x, weight, (2, 2))
    assert asked == [grad and (x_grad or weight_grad)]


def test_auto_weighs_the_type_that_autocast_computes_in(monkeypatch):
    asked = []
    monkeypatch.setattr(
        dispatch, 'choose_backend', lambda device, size, *shape, **kw: asked.append(size) or 'conv'
    )
    with torch.autocast('cpu', torch.bfloat16):
        lkca(torch.zeros(1, 4, 2), torch.zeros(1, 3, 3), (2, 2))
    assert asked == [2]


@pytest.mark.parametrize(
    ('grid', 'chosen'), [(8, 'toeplitz'), (16, 'toeplitz'), (24, 'hybrid'), (32, 'hybrid')]
)
def test_choice_in_half_precision(grid, chosen):
    """Large products gain more from bf16 than the hybrid's small ones."""
    kernel = (2 * grid - 1, 2 * grid - 1)
    assert choose_backend('cpu', 2, kernel, (grid, grid), 1, 384) == chosen


def test_matrix_limit_is_in_bytes(monkeypatch):
    shape = ((15, 15), (8, 8), 1, 4096)
    assert choose_backend('cpu', 4, *shape) == 'toeplitz'
    monkeypatch.setattr(cost, 'MATRIX_LIMIT', 4 * 64**2)
    cost._choose_once.cache_clear()
    assert choose_backend('cpu', 4, *shape) == 'toeplitz'
    assert choose_backend('cpu', 8, *shape) != 'toeplitz'
    cost._choose_once.cache_clear()


def test_counts_by_hand():
    # 5 x 3 taps on 4 x 6 tokens; the kernel is cut to what reaches: 5 x 3 of 7 x 11.
    assert multiply_adds('conv', (5, 3), (4, 6), 1, 8) == 15 * 24 * 8
    assert multiply_adds('conv', (9, 13), (4, 6), 1, 8) == 7 * 11 * 24 * 8
    assert multiply_adds('toeplitz', (5, 3), (4, 6), 2, 8) == 24 * 24 * (8 + 2)
    # A circle of 4 + 2 rows has the frequencies 0 to 3, of 2 rows each: 8 x 4 there and
    # back for each of 6 columns, and 12 x 12 a frequency.
    hybrid = (2 * 8 * 4 * 6 + 4 * 12 * 12) * 8 + 4 * 12 * 12 * 2
    assert multiply_adds('hybrid', (5, 3), (4, 6), 2, 8) == hybrid
    # Circles of 4 + 2 and 6 + 1 tokens, lengthened to 6 and 8.
    assert multiply_adds('fft', (5, 3), (4, 6), 1, 8) == pytest.approx(2 * 48 * 5.585 * 8, rel=1e-3)
