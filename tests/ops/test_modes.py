"""The operator inside everything PyTorch can be doing around it."""

import pytest
import torch
from mmengine.analysis import get_model_complexity_info
from torch._subclasses.fake_tensor import FakeTensorMode

from lkca_mm.models import LKCAMixer, LKCAViT
from lkca_mm.ops import hybrid, lkca

GRID, KERNEL = (5, 6), (9, 11)
VIEWS = pytest.mark.parametrize('backend', ['toeplitz', 'hybrid', 'conv', 'fft'])
GROUPS = pytest.mark.parametrize('groups', [1, 2])


def make(groups, batch=3, channels=4, dtype=torch.float64):
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(batch, 30, channels, dtype=dtype, generator=generator)
    return x, torch.randn(groups, *KERNEL, dtype=dtype, generator=generator)


def gradients(x, weight, backend, autocast_backward=False):
    x, weight = x.clone().requires_grad_(), weight.clone().requires_grad_()
    y = lkca(x, weight, GRID, backend).square().sum()
    with torch.autocast('cpu', torch.bfloat16, enabled=autocast_backward):
        return torch.autograd.grad(y, (x, weight))


@VIEWS
@GROUPS
def test_second_derivatives(backend, groups):
    x, weight = make(groups, batch=1, channels=2)
    x.requires_grad_(), weight.requires_grad_()
    assert torch.autograd.gradgradcheck(lambda a, b: lkca(a, b, GRID, backend), (x, weight))


@VIEWS
@GROUPS
def test_backward_inside_autocast(backend, groups):
    inputs = make(groups, dtype=torch.float32)
    found = gradients(*inputs, backend, autocast_backward=True)
    for one, other in zip(found, gradients(*inputs, 'reference'), strict=True):
        assert (one - other).abs().max() < 2e-2 * other.abs().max()


@pytest.mark.parametrize('backend', ['toeplitz', 'hybrid', 'conv', 'auto'])
@GROUPS
def test_empty_batch(backend, groups):
    x, weight = make(groups, batch=0)
    of_x, of_weight = gradients(x, weight, backend)
    assert of_x.shape == x.shape
    assert torch.equal(of_weight, torch.zeros_like(weight))


@VIEWS
@GROUPS
def test_meta_tensors(backend, groups):
    if not hasattr(torch.compiler, 'is_compiling') and (backend, groups) == ('hybrid', 2):
        pytest.skip('PyTorch 2.1 recomputes nothing on meta tensors')
    x, weight = (tensor.to('meta') for tensor in make(groups))
    assert lkca(x, weight, GRID, backend).shape == x.shape
    with torch.no_grad():
        assert LKCAMixer(4, KERNEL).to('meta').eval()(x.float(), GRID).shape == x.shape


@VIEWS
@GROUPS
def test_per_sample_gradients(backend, groups):
    x, weight = make(groups)

    def loss(weight, sample):
        return lkca(sample[None], weight, GRID, backend).square().sum()

    found = torch.func.vmap(torch.func.grad(loss), (None, 0))(weight, x)
    expected = [gradients(sample[None], weight, 'reference')[1] for sample in x]
    torch.testing.assert_close(found, torch.stack(expected))


@VIEWS
@GROUPS
def test_forward_mode(backend, groups):
    x, weight = make(groups)
    _, found = torch.func.jvp(lambda w: lkca(x, w, GRID, backend), (weight,), (2 * weight,))
    torch.testing.assert_close(found, 2 * lkca(x, weight, GRID, 'reference'))


@GROUPS
@pytest.mark.parametrize('mode', [torch.inference_mode, FakeTensorMode])
def test_nothing_of_another_mode_is_kept(mode, groups):
    """The hybrid view keeps its transforms for the whole process."""
    hybrid._kept_transforms.cache_clear()
    inputs = make(groups)
    with mode() as fake:
        lkca(*(fake.from_tensor(t) if fake else t for t in inputs), GRID, 'hybrid')
    found = gradients(*inputs, 'hybrid')
    torch.testing.assert_close(found, gradients(*inputs, 'reference'))
    with mode() as fake:
        lkca(*(fake.from_tensor(t) if fake else t for t in inputs), GRID, 'hybrid')


@VIEWS
@GROUPS
def test_gradient_of_the_image_of_a_frozen_model(backend, groups):
    """A saliency map, also after the model has predicted in inference mode."""
    x, _ = make(groups, dtype=torch.float32)
    mixer = LKCAMixer(4, KERNEL, groups, kernel_init='trunc_normal', backend=backend)
    mixer.eval().requires_grad_(False)
    with torch.inference_mode():
        mixer(x, GRID)
    found = x.clone().requires_grad_()
    mixer(found, GRID).square().sum().backward()
    expected = gradients(x, mixer.kernel, 'reference')[0]
    torch.testing.assert_close(found.grad, expected, rtol=1e-4, atol=1e-6)


@VIEWS
def test_model_built_in_inference_mode(backend):
    x, _ = make(1, dtype=torch.float32)
    with torch.inference_mode():
        mixer = LKCAMixer(4, KERNEL, kernel_init='trunc_normal', backend=backend).eval()
        found = mixer(x, GRID)
    with torch.no_grad():
        torch.testing.assert_close(mixer(x, GRID), found)
    expected = lkca(x, mixer.kernel.detach().clone(), GRID, 'reference')
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize('backend', ['toeplitz', 'hybrid'])
def test_matrices_of_several_kernels_are_not_kept_for_backward(backend):
    """Of x and the kernels alone there would be 2 tensors, of (G, N, N) none."""
    x, weight = (tensor.requires_grad_() for tensor in make(4))
    kept = []
    with torch.autograd.graph.saved_tensors_hooks(lambda t: kept.append(t.shape) or t, lambda t: t):
        lkca(x, weight, GRID, backend)
    assert max((shape.numel() for shape in kept), default=0) <= max(x.numel(), weight.numel())


@pytest.mark.parametrize('backend', ['toeplitz', 'hybrid', 'conv', 'fft', 'auto'])
@pytest.mark.parametrize('training', [True, False])
def test_a_traced_model_is_saved_and_loaded(tmp_path, backend, training):
    model = LKCAViT(
        arch=dict(embed_dims=8, num_layers=2, num_heads=2, mlp_ratio=2), img_size=28, patch_size=4,
        kernel_init='trunc_normal', backend=backend,
    ).train(training)  # fmt: skip
    image = torch.randn(2, 3, 28, 28)
    torch.jit.trace(model, image).save(str(tmp_path / 'a.pt'))
    found = torch.jit.load(tmp_path / 'a.pt')(image)
    torch.testing.assert_close(found, model(image), rtol=1e-4, atol=1e-5)
    assert get_model_complexity_info(model, (3, 28, 28), show_table=False)['flops'] > 0
