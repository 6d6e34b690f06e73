"""In evaluation the kernel is a constant, and nothing that depends on it is made twice."""

import copy
import pickle

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from lkca_mm.engine.optimizers import fused_adamw
from lkca_mm.models import LKCAMixer, LKCAViT
from lkca_mm.ops import lkca

GRIDS = {'toeplitz': (6, 7), 'hybrid': (20, 18), 'conv': (5, 5), 'fft': (5, 5)}


class Operations(TorchDispatchMode):
    """Lists the operations that run."""

    def __init__(self):
        super().__init__()
        self.names = []

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        self.names.append(func.name().removeprefix('aten::').split('.')[0])
        return func(*args, **(kwargs or {}))


def make(backend='auto', grid=(6, 7), num_kernels=1, projections='none'):
    torch.manual_seed(0)
    mixer = LKCAMixer(
        24, (2 * grid[0] - 1, 2 * grid[1] - 1), num_kernels, projections, 'trunc_normal', backend
    )
    tokens = torch.randn(3, grid[0] * grid[1], 24)
    return mixer, tokens


@pytest.mark.parametrize('num_kernels', [1, 4])
@pytest.mark.parametrize('backend', GRIDS)
def test_evaluation_gives_what_training_gives(backend, num_kernels):
    mixer, tokens = make(backend, GRIDS[backend], num_kernels, 'value_output')
    expected = mixer(tokens, GRIDS[backend])
    with torch.no_grad():
        found = mixer.eval()(tokens, GRIDS[backend])
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-6)


@torch.no_grad()
def test_a_layer_is_one_product():
    mixer, tokens = make('toeplitz')
    mixer.eval()(tokens, (6, 7))
    with Operations() as operations:
        mixer(tokens, (6, 7))
    views = {'alias', 'detach', 'expand', 'select', 'slice', 'view'}
    assert [name for name in operations.names if name not in views] == ['bmm']


@torch.no_grad()
def test_the_hybrid_makes_no_matrix_again():
    mixer, tokens = make('hybrid', (20, 18))
    mixer.eval()(tokens, (20, 18))
    with Operations() as operations:
        mixer(tokens, (20, 18))
    assert not {'unfold', 'flip', 'cat', 'cos'} & set(operations.names)
    assert {'mm', 'bmm'} & set(operations.names)


@torch.no_grad()
def test_kept_until_something_changes():
    mixer, tokens = make()
    mixer.eval()
    first = mixer.fold((6, 7))
    assert mixer.fold((6, 7)) is first
    assert mixer.fold((6, 7), torch.bfloat16) is not first
    mixer.backend = 'fft'
    assert mixer.fold((6, 7)) is not first
    mixer.backend = 'auto'

    before = mixer(tokens, (6, 7))
    mixer.kernel.mul_(2)  # as an optimiser does
    torch.testing.assert_close(mixer(tokens, (6, 7)), 2 * before)
    state = {name: value / 2 for name, value in mixer.state_dict().items()}
    mixer.load_state_dict(state)
    torch.testing.assert_close(mixer(tokens, (6, 7)), before)
    mixer.kernel.data *= 3  # unseen, but eval() says that the weights may be others
    torch.testing.assert_close(mixer.eval()(tokens, (6, 7)), 3 * before)
    assert mixer.train()._folded is None


@torch.no_grad()
def test_one_grid_is_kept():
    """Images of many sizes, as ADE20K's, would fill the memory with a matrix a size."""
    mixer, _ = make()
    mixer.eval()
    first = mixer.fold((6, 7))
    for grid in ((6, 7), (3, 4), (20, 18), (5, 5)):
        mixer(torch.randn(1, grid[0] * grid[1], 24), grid)
    assert mixer.fold((5, 5)) is mixer.fold((5, 5))
    assert mixer.fold((6, 7)) is not first


@pytest.mark.parametrize('make_optimizer', [torch.optim.AdamW, fused_adamw])
@pytest.mark.parametrize('always_evaluating', [False, True])
def test_steps_between_evaluations_are_seen(make_optimizer, always_evaluating):
    mixer, tokens = make('toeplitz')
    mixer.eval()
    set_mode = (lambda training: mixer) if always_evaluating else mixer.train
    optimizer = make_optimizer(mixer.parameters(), lr=0.1)
    outputs = []
    for _ in range(3):
        set_mode(True)(tokens, (6, 7)).square().sum().backward()
        optimizer.step()
        set_mode(False)
        with torch.no_grad():
            outputs.append(mixer(tokens, (6, 7)))
            expected = copy.deepcopy(mixer).train()(tokens, (6, 7))
        torch.testing.assert_close(outputs[-1], expected, rtol=1e-5, atol=1e-6)
    assert not torch.allclose(outputs[0], outputs[1])


def test_gradients_flow_in_evaluation_where_they_are_wanted():
    mixer, tokens = make()
    mixer.eval()(tokens, (6, 7)).sum().backward()
    assert mixer.kernel.grad.abs().sum() > 0
    mixer.kernel.requires_grad_(False)
    tokens.requires_grad_()
    mixer(tokens, (6, 7)).square().sum().backward()
    expected, mixer.backend = tokens.grad.clone(), 'reference'
    tokens.grad = None
    mixer.train()(tokens, (6, 7)).square().sum().backward()
    torch.testing.assert_close(tokens.grad, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize('backend', ['toeplitz', 'hybrid'])
def test_autocast(backend):
    grid = GRIDS[backend]
    mixer, tokens = make(backend, grid)
    with torch.no_grad():
        expected = mixer.eval()(tokens, grid)
        with torch.autocast('cpu', torch.bfloat16):
            found = mixer(tokens, grid)
    assert found.dtype == torch.bfloat16
    error = (found.float() - expected).abs().max() / expected.abs().max()
    assert error < 2e-2


@torch.no_grad()
def test_copies_leave_it_behind():
    mixer, tokens = make()
    expected = mixer.eval()(tokens, (6, 7))
    for other in (copy.deepcopy(mixer), pickle.loads(pickle.dumps(mixer))):
        assert other._folded is None
        torch.testing.assert_close(other(tokens, (6, 7)), expected)
    assert set(mixer.state_dict()) == {'kernel'}


@torch.no_grad()
def test_another_type_and_other_sizes_of_images():
    torch.manual_seed(0)
    model = LKCAViT(
        arch=dict(embed_dims=24, num_layers=2, num_heads=3, mlp_ratio=2),
        img_size=64, patch_size=8, kernel_init='trunc_normal',
    )  # fmt: skip
    for dtype in (torch.float32, torch.float64):
        for size in ((64, 64), (40, 72)):
            image = torch.randn(1, 3, *size, dtype=dtype)
            expected = model.to(dtype).train()(image)[0]
            torch.testing.assert_close(model.eval()(image)[0], expected, rtol=1e-4, atol=1e-5)


@torch.no_grad()
def test_one_kernel_after_another():
    """Under autocast the fold has a copy; the next kernel may get the address of the last."""
    mixer, tokens = make()
    mixer.eval()
    with torch.autocast('cpu', torch.bfloat16):
        for factor in range(50):
            state = {'kernel': torch.full_like(mixer.kernel, factor)}
            found = torch.func.functional_call(mixer, state, (tokens, (6, 7)))
            expected = lkca(tokens, state.pop('kernel'), (6, 7))
            torch.testing.assert_close(found, expected)
