"""Peak memory of the mixers, and of the operator on a large grid."""

import pytest
import torch

from lkca_mm.benchmark.timing import peak_memory
from lkca_mm.models import LKCAMixer, MHSAMixer
from lkca_mm.ops import lkca

MIB = 2**20


def test_the_meter_knows_sums_and_frees():
    """Two tensors at once, a third after one of them is gone."""

    def run():
        a, b = torch.empty(4 * MIB, dtype=torch.uint8), torch.empty(2 * MIB, dtype=torch.uint8)
        del a
        c = torch.empty(3 * MIB, dtype=torch.uint8)
        del b, c

    assert peak_memory(run) == 6 * MIB


def peak_of_a_step(mixer):
    """Forward and backward of a layer on 32 x 32 tokens, 384 channels, 4 images."""
    x = torch.randn(4, 1024, 384, requires_grad=True)

    def step():
        x.grad = None
        mixer.zero_grad()
        mixer(x, (32, 32)).sum().backward()

    step()
    x.grad = None
    mixer.zero_grad()
    return peak_memory(step)


def test_lkca_takes_at_most_half_of_the_memory_of_attention():
    ours = peak_of_a_step(LKCAMixer(384, (63, 63)))
    attention = peak_of_a_step(MHSAMixer(384, 6))
    assert ours <= attention / 2, f'{ours / MIB:.1f} against {attention / MIB:.1f} MiB'


@pytest.mark.parametrize('backend', ['auto', 'hybrid'])
@pytest.mark.parametrize('channels', [1, 4])
def test_nothing_of_tokens_squared_on_a_large_grid(backend, channels):
    """128 x 128 tokens: a tensor with an element a pair of tokens would take a GiB."""
    tokens = 128 * 128
    x = torch.randn(1, tokens, channels, requires_grad=True)
    weight = torch.randn(1, 255, 255, requires_grad=True)
    peak = peak_memory(lambda: lkca(x, weight, (128, 128), backend).sum().backward())
    assert peak < 4 * tokens**2 / 7
