"""The Triton backend against the sliding window, on a GPU or in Triton's interpreter.

Triton reads TRITON_INTERPRET when a kernel is defined, so one test of a plain run
starts this file again in a process of its own, where the kernels are interpreted on
the CPU. There, and on machines with a GPU, all tests run.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from test_lkca import GRIDS, Layer, assert_close, make, run
from torch import library

from lkca_mm.ops import lkca, lkca_reference

pytest.importorskip('triton', minversion='3.2')

from lkca_mm.ops.triton_toeplitz import (
    toeplitz_correlation,
    toeplitz_product,
)

INTERPRETED = os.environ.get('TRITON_INTERPRET') == '1'
DEVICE = 'cpu' if INTERPRETED else 'cuda'
TOLERANCES = {torch.float32: 2e-5, torch.bfloat16: 2e-2, torch.float16: 4e-3}


def on_device(test):
    """Runs where the kernels do: always in the interpreter, else with a GPU alone."""
    return test if INTERPRETED else pytest.mark.gpu(test)


if INTERPRETED:
    from triton.runtime import interpreter

    patch_tensor = interpreter._patch_lang_tensor

    def patch_tensor_and_index(tensor, *scope):
        """Triton 3.6 turns a loop's bounds into numbers in a way that NumPy 2.4 refuses."""
        patch_tensor(tensor, *scope)
        tensor.__index__ = lambda self: int(self.handle.data.item())

    interpreter._patch_lang_tensor = patch_tensor_and_index


@pytest.fixture(autouse=True)
def exact_fp32():
    """Tests compare with fp64, so fp32 must not be rounded to tf32."""
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision('highest')
    yield
    torch.set_float32_matmul_precision(before)


def compare(grid, tolerance=None, **shape):
    """Runs forward and both gradients in Triton, and in fp64 by the definition."""
    dtype = shape.get('dtype', torch.float32)
    inputs = make(grid, **{'dtype': dtype, **shape})
    ours = run(*[t.to(DEVICE) for t in inputs], grid, 'triton')
    assert all(t.dtype == dtype for t in ours)
    truth = run(*[t.double() for t in inputs], grid, 'reference')
    assert_close([t.cpu() for t in ours], truth, tolerance or TOLERANCES[dtype])


@pytest.mark.skipif(INTERPRETED, reason='this is the interpreter')
def test_all_of_this_in_the_interpreter():
    command = [sys.executable, '-m', 'pytest', '-o', 'addopts=', '-q', '-p', 'no:cacheprovider']
    session = subprocess.run(
        [*command, str(Path(__file__))],
        env={**os.environ, 'TRITON_INTERPRET': '1'},
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
    )
    assert session.returncode == 0, session.stdout + session.stderr
    # Without the interpreter, they would have been skipped or have failed.
    passed = re.search(r'(\d+) passed', session.stdout)
    assert passed and int(passed[1]) > 50, session.stdout


@on_device
@pytest.mark.parametrize('dtype', TOLERANCES, ids=str)
@pytest.mark.parametrize('groups', ['1', '2', 'C'])
@pytest.mark.parametrize('grid', [grid for grid in GRIDS if max(grid) <= 8], ids=str)
def test_matches_reference(grid, groups, dtype):
    shape = {'1': dict(groups=1, channels=3), '2': dict(groups=2, channels=10)}
    compare(grid, dtype=dtype, **shape.get(groups, dict(groups=3, channels=3)))


@on_device
@pytest.mark.parametrize(
    ('grid', 'groups', 'channels', 'batch', 'dtype'),
    [
        ((31, 17), 1, 3, 2, torch.float32),
        ((31, 17), 2, 2, 1, torch.float16),
        ((17, 31), 1, 2, 2, torch.bfloat16),
        ((32, 32), 1, 5, 3, torch.float32),
        ((32, 32), 2, 4, 1, torch.bfloat16),
    ],
    ids=str,
)
def test_matches_reference_on_large_grids(grid, groups, channels, batch, dtype):
    """Several tiles of tokens and several patches, whole ones and cut ones."""
    compare(grid, groups=groups, channels=channels, batch=batch, dtype=dtype)


@on_device
@pytest.mark.parametrize('kernel', [(1, 1), (3, 3), (1, 41), (41, 1), (5, 9), (41, 41)], ids=str)
def test_kernels_smaller_and_larger_than_the_grid(kernel):
    """Rows and patches out of a small kernel's reach are skipped."""
    compare((20, 18), kernel=kernel, groups=1, channels=2, batch=1)


@on_device
def test_many_columns():
    """More columns than a tile holds, and a correlation in several splits."""
    compare((5, 3), groups=2, channels=134, batch=3)


odd = st.integers(0, 7).map(lambda n: 2 * n + 1)


@on_device
@settings(max_examples=10, deadline=None)
@given(
    grid=st.tuples(st.integers(1, 9), st.integers(1, 9)),
    kernel=st.tuples(odd, odd),
    groups_channels=st.sampled_from([(1, 1), (1, 3), (2, 6), (3, 3)]),
    batch=st.integers(1, 3),
    seed=st.integers(0, 2**16),
)
def test_any_kernel_on_any_grid(grid, kernel, groups_channels, batch, seed):
    groups, channels = groups_channels
    compare(grid, groups=groups, channels=channels, batch=batch, kernel=kernel, seed=seed)


@on_device
def test_gradients_are_the_adjoints():
    """<y, grad> is linear in each of x, weight and grad, whose gradients give it back."""
    grid = (9, 7)
    x, weight, grad = (t.to(DEVICE) for t in make(grid, groups=2, dtype=torch.float32))
    y, grad_x, grad_weight = run(x, weight, grad, grid, 'triton')
    truth = (y.double() * grad).sum().item()
    size = (y.double() * grad).abs().sum().item()
    assert abs((x.double() * grad_x).sum().item() - truth) < 1e-6 * size
    assert abs((weight.double() * grad_weight).sum().item() - truth) < 1e-6 * size
    more, _, _ = (t.to(DEVICE) for t in make(grid, groups=2, dtype=torch.float32, seed=1))
    summed = lkca(x - 2 * more, weight, grid, 'triton')
    parts = y - 2 * lkca(more, weight, grid, 'triton')
    assert_close([summed], [parts], 1e-5, ['linearity'])


@on_device
def test_gradients_of_gradients():
    """A gradient penalty, against autograd through the definition."""
    grid = (4, 5)

    def second(device, dtype, backend):
        x, weight, grad = (t.to(device, dtype).requires_grad_() for t in make(grid, groups=2))
        y = lkca(x, weight, grid, backend)
        grads = torch.autograd.grad(y, (x, weight), grad, create_graph=True)
        penalty = sum(g.square().sum() for g in grads)
        return [g.cpu() for g in torch.autograd.grad(penalty, (x, weight, grad))]

    ours = second(DEVICE, torch.float32, 'triton')
    assert_close(ours, second('cpu', torch.float64, 'reference'), 1e-5, 'xwg')


@on_device
def test_same_bits_each_time():
    grid = (6, 5)
    inputs = [t.to(DEVICE) for t in make(grid, channels=40, dtype=torch.float32)]
    for first, second in zip(*(run(*inputs, grid, 'triton') for _ in range(2)), strict=True):
        assert torch.equal(first, second)


@on_device
def test_strides_empty_batches_and_a_gradient_alone():
    grid = (4, 3)
    x, weight, grad = (t.to(DEVICE) for t in make(grid, dtype=torch.float32))
    turned = x.transpose(0, 2).contiguous().transpose(0, 2)
    straight = run(x, weight, grad, grid, 'triton')
    assert_close(run(turned, weight, grad, grid, 'triton'), straight, 1e-6)
    y, grad_x, grad_weight = run(x[:0], weight, grad[:0], grid, 'triton')
    assert y.shape == grad_x.shape == (0, 12, 4)
    assert torch.equal(grad_weight, torch.zeros_like(weight))
    trained = weight.clone().requires_grad_()
    lkca(x, trained, grid, 'triton').backward(grad)
    assert torch.equal(trained.grad, straight[2])


@on_device
def test_autocast():
    grid = (5, 6)
    x, weight, grad = (t.to(DEVICE) for t in make(grid, dtype=torch.float32))
    with torch.autocast(DEVICE, torch.bfloat16):
        y, grad_x, grad_weight = run(x, weight, grad.bfloat16(), grid, 'triton')
    assert y.dtype == torch.bfloat16
    assert grad_x.dtype == grad_weight.dtype == torch.float32
    truth = run(*(t.cpu().double() for t in (x, weight, grad)), grid, 'reference')
    assert_close([t.cpu() for t in (y, grad_x, grad_weight)], truth, 2e-2)


@on_device
def test_operators_are_well_registered():
    """PyTorch's own examination: schema, shapes without data, autograd, AOT tracing."""
    grid = (3, 4)
    x, weight, grad = (t.to(DEVICE) for t in make(grid, groups=2, dtype=torch.float32))
    x.requires_grad_(), weight.requires_grad_()
    library.opcheck(toeplitz_product, (x, weight, grid, (2, 3), True))
    library.opcheck(toeplitz_correlation, (x, grad, 2, grid, (2, 3)))


@on_device
@pytest.mark.parametrize('compiler', ['aot_eager', pytest.param('inductor', marks=pytest.mark.gpu)])
def test_compiles_without_a_graph_break(compiler):
    grid = (4, 6)
    inputs = make(grid, groups=2, dtype=torch.float32)
    compiled = torch.compile(
        lambda x, w: lkca(2 * x, w, grid, 'triton') + 1, fullgraph=True, backend=compiler
    )
    x, weight, grad = (t.to(DEVICE) for t in inputs)
    x.requires_grad_(), weight.requires_grad_()
    y = compiled(x, weight)
    ours = (y.detach() - 1, *torch.autograd.grad(y, (x, weight), grad))
    truth = run(*[t.double() for t in inputs], grid, 'reference')
    assert_close([t.cpu() for t in ours], [2 * truth[0], 2 * truth[1], 2 * truth[2]], 1e-5)


@on_device
def test_exports_with_a_dynamic_batch():
    grid = (5, 4)
    x, weight, _ = (t.to(DEVICE) for t in make(grid, batch=2, dtype=torch.float32))
    batch = torch.export.Dim('batch')
    layer = Layer(weight, grid, 'triton')
    program = torch.export.export(layer, (x,), dynamic_shapes={'x': {0: batch}})
    more, _, _ = make(grid, batch=5, seed=1, dtype=torch.float32)
    truth = lkca_reference(more.double(), weight.cpu().double(), grid)
    assert_close([program.module()(more.to(DEVICE)).cpu()], [truth], 1e-5, ['y'])


@pytest.mark.gpu
@pytest.mark.parametrize('groups', [1, 384])
@pytest.mark.parametrize('kernel', [(63, 63), (13, 13)], ids=str)
def test_full_size_on_gpu(kernel, groups):
    """A stage of a real model, against the matrix view on the same device."""
    grid = (32, 32)
    shape = dict(groups=groups, channels=384, batch=32, kernel=kernel, dtype=torch.bfloat16)
    inputs = [t.cuda() for t in make(grid, **shape)]
    ours, theirs = (run(*inputs, grid, name) for name in ('triton', 'toeplitz'))
    assert_close(ours, theirs, 2e-2)


@pytest.mark.gpu
def test_no_matrix_in_gpu_memory():
    """16,384 tokens, whose matrix in bf16 would take 512 MiB."""
    grid = (128, 128)
    inputs = [t.cuda() for t in make(grid, channels=16, batch=1, dtype=torch.bfloat16)]
    run(*inputs, grid, 'triton')
    torch.cuda.reset_peak_memory_stats()
    before = torch.cuda.memory_allocated()
    run(*inputs, grid, 'triton')
    assert torch.cuda.max_memory_allocated() - before < 64 * 2**20
