"""LKCA backbones are one graph for torch.compile, in training too."""

import pytest
import torch
from packaging.version import Version

from lkca_mm.models import LKCAViT


def train_compiled(**settings):
    """Trains a compiled and a plain backbone for a step; their results and gradients agree."""
    torch._dynamo.reset()
    torch.manual_seed(0)
    model = LKCAViT(img_size=32, patch_size=16, **settings).train()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.normal_(std=0.1)
    images = torch.randn(2, 3, 32, 32)
    found = []
    for run in (model, torch.compile(model, fullgraph=True, backend='aot_eager')):
        model.zero_grad()
        output = run(images)[-1]
        output.square().sum().backward()
        gradients = [parameter.grad.clone() for parameter in model.parameters()]
        found.append((output.detach(), gradients))
    (plain, expected), (output, gradients) = found
    torch.testing.assert_close(output, plain, rtol=1e-3, atol=1e-3)
    for gradient, other in zip(gradients, expected, strict=True):
        torch.testing.assert_close(gradient, other, rtol=1e-2, atol=1e-2 * other.abs().max().item())


TINY = dict(embed_dims=12, num_layers=2, num_heads=2, mlp_ratio=2)


@pytest.mark.parametrize(
    'settings',
    [
        dict(with_cp=True),
        dict(mixers='lkca+mhsa'),
        dict(mixers=['mhsa', 'lkca']),
        dict(mixers='lkca+mhsa', with_cls_token=True, with_cp=True),
        dict(projections='value_output'),
        dict(projections='value_output', out_type='avg_featmap', final_norm=True),
        dict(num_kernels=3),
        dict(backend='hybrid'),
        dict(backend='fft'),
    ],
    ids=str,
)
def test_every_setting_is_one_graph(settings):
    if settings.get('with_cp') and Version(torch.__version__) < Version('2.2'):
        pytest.skip('PyTorch 2.1 cannot compile layers that are recomputed')
    train_compiled(arch=TINY, **settings)
