"""ONNX files: equal to PyTorch, and an LKCA layer is one product with a constant."""

import pytest
import torch

from lkca_mm.export.errors import ExportError
from lkca_mm.export.fixed_size import fix_size
from lkca_mm.export.graph import read_graph
from lkca_mm.export.int8 import quantize_onnx
from lkca_mm.export.logits import LogitsModel
from lkca_mm.export.onnx_file import write_onnx
from lkca_mm.export.session import open_onnx
from lkca_mm.ops import lkca

onnx = pytest.importorskip('onnx')
pytest.importorskip('onnxruntime')
pytest.importorskip('onnxscript')


def convert(network, size, path, batch=1, fixed=True, **settings):
    model = LogitsModel(network, size, None)
    image = torch.randn(batch, 3, *size)
    write_onnx(fix_size(model, image) if fixed else model, image, path, **settings)
    return onnx.load(str(path)).graph


def check_one_product_a_layer(graph, network, grid):
    """Asserts that each LKCA layer is one MatMul with its matrix, and nothing else of it is left.

    The matrix is the operator's reference applied to the identity, not what the export made.
    """
    constants = {one.name: onnx.numpy_helper.to_array(one) for one in graph.initializer}
    num_tokens = grid[0] * grid[1]
    mixers = [layer.mixer for layer in network.backbone.layers]
    found = set()
    for mixer in mixers:
        groups = len(mixer.kernel)
        identity = torch.eye(num_tokens).repeat(1, groups)[None]
        matrices = lkca(identity, mixer.kernel, grid, 'reference')[0]
        expected = torch.stack(matrices.split(num_tokens, dim=1)).numpy()
        expected = expected[0] if groups == 1 else expected
        (name,) = (
            name
            for name, value in constants.items()
            if value.shape == expected.shape and abs(value - expected).max() < 1e-6
        )
        (node,) = (node for node in graph.node if name in node.input)
        assert node.op_type == 'MatMul' and node.input[0] == name
        found.add(name)
    assert len(found) == len(mixers)
    kernels = {tuple(mixer.kernel.shape[1:]) for mixer in mixers}
    assert not any(value.shape[-2:] in kernels for value in constants.values())
    assert sum(node.op_type == 'Conv' for node in graph.node) == 1, 'the patches'
    never = {'GatherND', 'GatherElements', 'ScatterND', 'ScatterElements', 'Col2Im', 'DFT', 'Trilu'}
    assert not never & {node.op_type for node in graph.node}


@pytest.mark.parametrize('dynamic_batch', [False, True])
@pytest.mark.parametrize('num_kernels', [1, 4])
def test_an_lkca_layer_is_one_product(make_classifier, tmp_path, num_kernels, dynamic_batch):
    network = make_classifier(num_kernels=num_kernels, projections='value_output')
    path = tmp_path / 'model.onnx'
    graph = convert(network, (32, 24), path, dynamic_batch=dynamic_batch)
    check_one_product_a_layer(graph, network, (8, 6))
    if not dynamic_batch:
        used = {node.op_type for node in graph.node}
        assert not {'Gather', 'Shape', 'Slice', 'Pad', 'Resize', 'Expand', 'Constant'} & used


def test_the_check_would_find_what_it_looks_for(make_classifier, tmp_path):
    network = make_classifier(backend='conv')
    graph = convert(network, (32, 32), tmp_path / 'model.onnx', fixed=False)
    with pytest.raises((AssertionError, ValueError)):
        check_one_product_a_layer(graph, network, (8, 8))


@pytest.mark.parametrize(('kind', 'opset'), [('LKCAViT', 17), ('LKCAViT', 20), ('PlainViT', 18)])
@torch.no_grad()
def test_classifier(make_classifier, tmp_path, kind, opset):
    network, path = make_classifier(kind), tmp_path / 'model.onnx'
    convert(network, (32, 32), path, batch=2, opset=opset)
    assert [one.version for one in onnx.load(str(path)).opset_import] == [opset]
    image = torch.randn(2, 3, 32, 32)
    expected = network(image, mode='tensor')
    assert expected.std() > 0.1
    torch.testing.assert_close(open_onnx(path)(image), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize('mixers', ['lkca+mhsa', ['mhsa', 'lkca', 'lkca']])
@torch.no_grad()
def test_any_batch_and_a_class_token(make_classifier, tmp_path, mixers):
    network, path = make_classifier(mixers=mixers, with_cls_token=True), tmp_path / 'model.onnx'
    convert(network, (40, 32), path, dynamic_batch=True)
    run = open_onnx(path)
    for batch in (1, 2, 5):
        image = torch.randn(batch, 3, 40, 32)
        expected = network(image, mode='tensor')
        torch.testing.assert_close(run(image), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ('head', 'dynamic_batch'), [('UPerHead', False), ('UPerHead', True), ('FPNHead', True)]
)
@torch.no_grad()
def test_segmentor(make_segmentor, tmp_path, head, dynamic_batch):
    network, path = make_segmentor(head), tmp_path / 'model.onnx'
    # No side is a multiple of the patch.
    convert(network, (60, 76), path, dynamic_batch=dynamic_batch)
    image = torch.randn(3 if dynamic_batch else 1, 3, 60, 76)
    expected = network.encode_decode(image, [dict(img_shape=(60, 76))])
    assert expected.shape[2:] == (60, 76) and expected.std() > 0.05
    assert (open_onnx(path)(image) - expected).abs().max() < 1e-5 * expected.abs().max()


@torch.no_grad()
def test_int8(make_classifier, tmp_path):
    network, path = make_classifier(projections='value_output'), tmp_path / 'model.onnx'
    convert(network, (32, 32), path, dynamic_batch=True)
    quantize_onnx(path, tmp_path / 'int8.onnx')
    operators = read_graph(tmp_path / 'int8.onnx').operators
    # Value, output and two of the MLP in each of 3 layers, and the head; LKCA as before.
    assert operators['MatMulInteger'] == 4 * 3 + 1
    assert operators['MatMul'] == 3
    image = torch.randn(4, 3, 32, 32)
    expected = network(image, mode='tensor')
    found = open_onnx(tmp_path / 'int8.onnx')(image)
    error = (found - expected).abs().max() / expected.abs().max()
    assert 1e-5 < error < 0.05


def test_foreign_operators_are_refused(tmp_path):
    node = onnx.helper.make_node('Mystery', ['x'], ['y'], domain='com.example')
    value = [onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, [1]) for name in 'xy']
    graph = onnx.helper.make_graph([node], 'g', value[:1], value[1:])
    onnx.save(onnx.helper.make_model(graph), str(tmp_path / 'model.onnx'))
    with pytest.raises(ExportError, match='Mystery'):
        read_graph(tmp_path / 'model.onnx')


def test_what_does_not_fit_a_file(make_classifier, tmp_path, monkeypatch):
    monkeypatch.setattr('lkca_mm.export.onnx_file._LIMIT', 1000)
    with pytest.raises(ExportError, match='smaller --size'):
        convert(make_classifier(), (32, 32), tmp_path / 'model.onnx')
