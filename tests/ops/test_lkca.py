"""Every backend against the literal sliding window, forward and both gradients."""

import itertools
import shutil

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from packaging.version import Version
from torch.nn import functional as F

from lkca_mm.ops import attention_matrix, fit_kernel, hybrid, lkca, lkca_reference, toeplitz_matrix

FAST = ['toeplitz', 'hybrid', 'conv', 'fft', 'auto']
GRIDS = [(1, 1), (1, 7), (5, 3), (8, 8), (31, 17), (32, 32)]


def make(grid, groups=1, channels=4, batch=2, kernel=None, dtype=torch.float64, seed=0):
    """Draws tokens, kernels and an output gradient."""
    generator = torch.Generator().manual_seed(seed)
    kernel = kernel or (2 * grid[0] - 1, 2 * grid[1] - 1)
    tokens = grid[0] * grid[1]
    x = torch.randn(batch, tokens, channels, generator=generator, dtype=torch.float64)
    weight = torch.randn(groups, *kernel, generator=generator, dtype=torch.float64)
    grad = torch.randn(batch, tokens, channels, generator=generator, dtype=torch.float64)
    return [t.to(dtype) for t in (x, weight, grad)]


def run(x, weight, grad, grid, backend):
    """Returns the output and the gradients of x and weight."""
    x, weight = x.detach().requires_grad_(), weight.detach().requires_grad_()
    y = lkca(x, weight, grid, backend)
    return (y.detach(), *torch.autograd.grad(y, (x, weight), grad))


def assert_close(ours, truth, tolerance, names=('y', 'grad x', 'grad weight')):
    """Compares with a tolerance relative to the largest element."""
    for name, a, b in zip(names, ours, truth, strict=True):
        assert a.shape == b.shape, name
        error = (a.double() - b.double()).abs().max().item()
        assert error <= tolerance * max(b.abs().max().item(), 1e-300), f'{name} differs by {error}'


def test_reference_is_the_sum_over_offsets():
    """The oracle itself, against plain loops over tokens and taps."""
    grid, kernel = (3, 4), (3, 9)
    x, weight, _ = make(grid, groups=2, channels=4, batch=1, kernel=kernel)
    truth = np.zeros((12, 4))
    positions = list(itertools.product(range(3), range(4)))
    for (p, (py, px)), (q, (qy, qx)) in itertools.product(enumerate(positions), repeat=2):
        tap_y, tap_x = qy - py + 1, qx - px + 4
        if 0 <= tap_y < 3 and 0 <= tap_x < 9:
            for c in range(4):
                truth[p, c] += weight[c // 2, tap_y, tap_x].item() * x[0, q, c].item()
    np.testing.assert_allclose(lkca_reference(x, weight, grid)[0].numpy(), truth, atol=1e-13)


@pytest.mark.parametrize('grid', GRIDS, ids=str)
def test_two_views_of_the_paper_are_one(grid):
    """Attention scores (3.2.1) and zero-padded cross-correlation (3.2.2) agree to 1e-12."""
    x, weight, _ = make(grid, channels=3)
    image = x.transpose(1, 2).reshape(6, 1, *grid)
    convolved = F.conv2d(image, weight[:, None], padding=(grid[0] - 1, grid[1] - 1))
    convolved = convolved.reshape(2, 3, -1).transpose(1, 2)
    attended = attention_matrix(weight, grid) @ x
    assert_close([attended], [convolved], 1e-12, ['y'])


@pytest.mark.parametrize('backend', FAST)
@pytest.mark.parametrize('groups', [1, 2, 4])
@pytest.mark.parametrize('grid', GRIDS, ids=str)
def test_backend_matches_reference(grid, groups, backend):
    inputs = make(grid, groups=groups)
    assert_close(run(*inputs, grid, backend), run(*inputs, grid, 'reference'), 1e-10)


def test_hybrid_view_of_more_images_than_a_buffer_holds(monkeypatch):
    grid = (6, 5)
    frequencies = hybrid.num_frequencies(hybrid.circle_length(grid[0], 2 * grid[0] - 1))
    two_images = 2 * (2 * frequencies * grid[1] * 4 * 8)
    monkeypatch.setattr(hybrid, '_CPU_CHUNK_BYTES', two_images)
    inputs = make(grid, batch=5)
    assert_close(run(*inputs, grid, 'hybrid'), run(*inputs, grid, 'reference'), 1e-10)


odd = st.integers(0, 9).map(lambda n: 2 * n + 1)


@settings(max_examples=60, deadline=None)
@given(
    grid=st.tuples(st.integers(1, 9), st.integers(1, 9)),
    kernel=st.tuples(odd, odd),
    groups_channels=st.sampled_from([(1, 1), (1, 3), (2, 4), (3, 3), (2, 6)]),
    batch=st.integers(1, 3),
    seed=st.integers(0, 2**16),
)
def test_any_kernel_on_any_grid(grid, kernel, groups_channels, batch, seed):
    """Kernels smaller and larger than the grid needs, in every combination."""
    groups, channels = groups_channels
    inputs = make(grid, groups, channels, batch, kernel, seed=seed)
    truth = run(*inputs, grid, 'reference')
    for backend in FAST:
        assert_close(run(*inputs, grid, backend), truth, 1e-10)


@pytest.mark.parametrize('backend', ['reference', *FAST])
@pytest.mark.parametrize('groups', [1, 2])
def test_gradcheck(backend, groups):
    x, weight, _ = make((3, 4), groups=groups, channels=2, kernel=(3, 9))
    x.requires_grad_(), weight.requires_grad_()
    assert torch.autograd.gradcheck(lambda a, b: lkca(a, b, (3, 4), backend), (x, weight))


TOLERANCES = {torch.float32: 2e-5, torch.bfloat16: 2e-2, torch.float16: 4e-3}


@pytest.mark.parametrize('dtype', TOLERANCES, ids=str)
@pytest.mark.parametrize('backend', FAST)
@pytest.mark.parametrize(('groups', 'grid'), [(2, (8, 9)), (1, (17, 16))])
def test_lower_precision(groups, grid, backend, dtype):
    """Against fp64 on the same rounded inputs, so only the arithmetic differs."""
    if dtype == torch.float16 and Version(torch.__version__) < Version('2.2'):
        pytest.skip('PyTorch 2.1 has no fp16 products on a CPU')
    inputs = make(grid, groups=groups, channels=8, dtype=dtype)
    ours = run(*inputs, grid, backend)
    assert all(t.dtype == dtype for t in ours)
    truth = run(*[t.double() for t in inputs], grid, 'reference')
    # PyTorch's convolution adds up the 1,000 taps of the large grid in fp16.
    summed_in_fp16 = (backend, dtype, groups) == ('conv', torch.float16, 1)
    assert_close(ours, truth, 8e-3 if summed_in_fp16 else TOLERANCES[dtype])


@pytest.mark.parametrize('backend', ['reference', *FAST])
def test_autocast_computes_as_a_linear_would(backend):
    grid = (5, 6)
    x, weight, grad = make(grid, dtype=torch.float32)
    with torch.autocast('cpu', torch.bfloat16):
        y, grad_x, grad_weight = run(x, weight, grad.bfloat16(), grid, backend)
    assert y.dtype == torch.bfloat16
    assert grad_x.dtype == grad_weight.dtype == torch.float32
    truth = run(x.double(), weight.double(), grad.double(), grid, 'reference')
    assert_close((y, grad_x, grad_weight), truth, 2e-2)


def test_mixed_types_follow_the_tokens():
    x, weight, _ = make((4, 4), dtype=torch.float32)
    assert lkca(x.bfloat16(), weight, (4, 4)).dtype == torch.bfloat16


@pytest.mark.skipif(shutil.which('g++') is None, reason='needs a C++ compiler')
@pytest.mark.skipif(' ' in torch.__path__[0], reason='PyTorch cannot link from a path with a space')
def test_generated_code_of_every_view():
    """One graph through PyTorch's default compiler, which checks each view's strides."""
    grid = (3, 4)
    x, weight, _ = make(grid, groups=2, dtype=torch.float32)
    x.requires_grad_(), weight.requires_grad_()
    # PyTorch 2.1 writes code for complex numbers that does not compile.
    old = Version(torch.__version__) < Version('2.2')
    names = [name for name in FAST if not (old and name == 'fft')]
    views = torch.compile(
        lambda a, b: sum(lkca(a, b, grid, name) for name in names), fullgraph=True
    )
    y = views(x, weight)
    grads = torch.autograd.grad(y.sum(), (x, weight))
    truth = run(x.double(), weight.double(), torch.ones_like(y).double(), grid, 'reference')
    assert_close((y.detach(), *grads), [len(names) * t for t in truth], 1e-5)


def test_compiles_under_autocast():
    x, weight, _ = make((4, 4), dtype=torch.float32)
    compiled = torch.compile(lambda a, b: lkca(a, b, (4, 4)), fullgraph=True, backend='aot_eager')
    with torch.autocast('cpu', torch.bfloat16):
        y, eager = compiled(x, weight), lkca(x, weight, (4, 4))
    assert y.dtype == torch.bfloat16
    assert_close([y], [eager], 1e-2, ['y'])


class Layer(torch.nn.Module):
    """A module around the operator, because torch.export takes modules."""

    def __init__(self, weight, grid, backend):
        super().__init__()
        self.weight = torch.nn.Parameter(weight)
        self.grid, self.backend = grid, backend

    def forward(self, x):
        return lkca(x, self.weight, self.grid, self.backend)


@pytest.mark.parametrize('backend', FAST)
def test_exports_with_a_dynamic_batch(backend):
    if Version(torch.__version__) < Version('2.2'):
        pytest.skip('PyTorch 2.1 has no name for a dynamic size in an export')
    if backend == 'fft' and Version(torch.__version__) < Version('2.5'):
        pytest.skip('PyTorch 2.4 cannot trace a Fourier transform of a dynamic batch')
    grid = (5, 4)
    x, weight, _ = make(grid, batch=2)
    program = torch.export.export(
        Layer(weight, grid, backend), (x,), dynamic_shapes={'x': {0: torch.export.Dim('batch')}}
    )
    more, _, _ = make(grid, batch=5, seed=1)
    truth = lkca_reference(more, weight, grid)
    assert_close([program.module()(more)], [truth], 1e-10, ['y'])


def test_unseen_grid_uses_the_same_offsets():
    """A small grid in the corner of a large one with zeros elsewhere mixes alike."""
    _, weight, _ = make((4, 4))
    small, _, _ = make((3, 2), channels=4)
    large = torch.zeros(2, 6, 7, 4, dtype=torch.float64)
    large[:, :3, :2] = small.reshape(2, 3, 2, 4)
    inside = lkca(large.reshape(2, 42, 4), weight, (6, 7)).reshape(2, 6, 7, 4)[:, :3, :2]
    assert_close([lkca(small, weight, (3, 2)).reshape(2, 3, 2, 4)], [inside], 1e-10, ['y'])


def test_fit_kernel_keeps_the_centre():
    weight = torch.arange(15.0).reshape(1, 3, 5)
    assert fit_kernel(weight, (1, 3)).tolist() == [[[6.0, 7.0, 8.0]]]
    grown = fit_kernel(weight, (5, 5))
    assert torch.equal(grown[:, 1:4], weight)
    assert grown.sum() == weight.sum()


@pytest.mark.parametrize('grid', GRIDS, ids=str)
def test_toeplitz_matrix_is_the_attention_matrix(grid):
    _, weight, _ = make(grid, groups=2)
    assert torch.equal(toeplitz_matrix(weight, grid), attention_matrix(weight, grid))


@pytest.mark.parametrize(
    ('shape', 'kernel', 'grid', 'backend', 'words'),
    [
        ((1, 12, 4), (1, 3, 3), (3, 3), 'auto', ['x has 12 tokens', '3 x 3', '9']),
        ((1, 9, 4), (1, 4, 3), (3, 3), 'auto', ['weight', 'odd', '4 x 3']),
        ((1, 9, 4), (3, 3, 3), (3, 3), 'auto', ['4 channels', '3 kernels']),
        ((1, 9, 4), (1, 3, 3), (3, 3), 'cuda', ['backend', 'toeplitz', 'conv', 'fft', "'cuda'"]),
        ((9, 4), (1, 3, 3), (3, 3), 'auto', ['x must have shape (B, H*W, C)']),
        ((1, 9, 4), (3, 3), (3, 3), 'auto', ['weight must have shape (G, Kh, Kw)']),
        ((1, 9, 4), (1, 3, 3), (0, 9), 'auto', ['grid', '(0, 9)']),
    ],
)
def test_errors_name_the_argument(shape, kernel, grid, backend, words):
    with pytest.raises(ValueError) as caught:
        lkca(torch.zeros(shape), torch.zeros(kernel), grid, backend)
    message = str(caught.value)
    assert '\n' not in message
    assert all(word in message for word in words), message


@pytest.mark.gpu
@pytest.mark.parametrize('dtype', [torch.float64, *TOLERANCES], ids=str)
@pytest.mark.parametrize('backend', FAST)
@pytest.mark.parametrize('groups', [1, 2])
@pytest.mark.parametrize('grid', GRIDS, ids=str)
def test_on_gpu(grid, groups, backend, dtype):
    inputs = make(grid, groups=groups, dtype=dtype)
    ours = run(*[t.cuda() for t in inputs], grid, backend)
    truth = run(*[t.double() for t in inputs], grid, 'reference')
    tolerance = {torch.float64: 1e-10, torch.float32: 5e-3}.get(dtype, TOLERANCES.get(dtype))
    assert_close([t.cpu() for t in ours], truth, tolerance)
