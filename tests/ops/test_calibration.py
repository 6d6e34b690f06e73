"""Choices that `tools/benchmark.py calibrate` kept on this machine go before the rule."""

import json

import pytest
import torch

from lkca_mm.ops import calibration, choose_backend, cost, lkca

SHAPE = ((15, 15), (8, 8), 1, 384)


@pytest.fixture
def keep(tmp_path, monkeypatch):
    """Returns a function that writes the file and forgets what was read before."""
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path))
    calibration.calibration_file().parent.mkdir()

    def write(text):
        calibration.calibration_file().write_text(text)
        cost._choose_once.cache_clear()

    yield write
    cost._choose_once.cache_clear()


def test_measured_choices_go_first(keep):
    keep('cut sho')
    assert choose_backend('cpu', 4, *SHAPE) == 'toeplitz'
    key = calibration.shape_key(4, *SHAPE)
    keep(json.dumps({calibration.device_name('cpu'): {key: 'conv'}}))
    assert choose_backend('cpu', 4, *SHAPE) == 'conv'
    assert choose_backend('cpu', 2, *SHAPE) == 'toeplitz'  # another type
    assert choose_backend('cpu', 4, *SHAPE, training=False) == 'toeplitz'
    keep(json.dumps({'another machine': {key: 'conv'}}))
    assert choose_backend('cpu', 4, *SHAPE) == 'toeplitz'


def test_a_compiled_graph_takes_the_measured_choice(keep):
    """The file is read while the graph is made, without a break in it."""
    torch._dynamo.reset()
    key = calibration.shape_key(4, *SHAPE)
    keep(json.dumps({calibration.device_name('cpu'): {key: 'fft'}}))
    ran = []

    def backend(graph, inputs):
        ran.append(any('fft' in str(node.target) for node in graph.graph.nodes))
        return graph.forward

    x = torch.randn(2, 64, 384, requires_grad=True)
    weight = torch.randn(1, 15, 15, requires_grad=True)
    compiled = torch.compile(lkca, fullgraph=True, backend=backend)
    torch.testing.assert_close(compiled(x, weight, (8, 8)), lkca(x, weight, (8, 8), 'toeplitz'))
    assert ran == [True]
