"""Files: equal to PyTorch, and an LKCA layer is one product with a constant."""

import sys

import pytest
import torch
from packaging.version import Version

from lkca_mm.errors import InstallationError
from lkca_mm.export import ExportError, LogitsModel, export_model, fix_size
from lkca_mm.export.files import open_onnx, open_program, write_onnx
from lkca_mm.ops import lkca

onnx = pytest.importorskip('onnx')
pytest.importorskip('onnxruntime')
pytest.importorskip('onnxscript')

OLD = Version(torch.__version__) < Version('2.4')
PROGRAM = pytest.param('.pt2', marks=pytest.mark.skipif(OLD, reason='.pt2 needs PyTorch 2.4'))


def convert(network, size, path, batch=1, **settings):
    """Exports without the comparison; returns the graph."""
    model = LogitsModel(network, size)
    image = torch.randn(batch, 3, *size)
    with torch.no_grad():
        write_onnx(fix_size(model, image), image, path, **settings)
    return onnx.load(str(path)).graph


@pytest.mark.parametrize('dynamic_batch', [False, True])
@pytest.mark.parametrize('num_kernels', [1, 4])
def test_an_lkca_layer_is_one_product(make_classifier, tmp_path, num_kernels, dynamic_batch):
    """The matrix is the operator's reference applied to the identity, not what the export made."""
    settings = dict(projections='value_output', gate='silu')
    network = make_classifier(num_kernels=num_kernels, **settings)
    graph = convert(network, (32, 24), tmp_path / 'model.onnx', dynamic_batch=dynamic_batch)
    constants = {one.name: onnx.numpy_helper.to_array(one) for one in graph.initializer}
    found = set()
    for mixer in (layer.mixer for layer in network.backbone.layers):
        identity = torch.eye(48).repeat(1, num_kernels)[None]
        matrices = lkca(identity, mixer.kernel, (8, 6), 'reference')[0]
        expected = torch.stack(matrices.split(48, dim=1)).numpy()
        expected = expected[0] if num_kernels == 1 else expected
        (name,) = (
            name
            for name, value in constants.items()
            if value.shape == expected.shape and abs(value - expected).max() < 1e-6
        )
        (node,) = (node for node in graph.node if name in node.input)
        assert node.op_type == 'MatMul' and node.input[0] == name
        found.add(name)
    assert len(found) == 3
    # No kernel is left, and nothing that would make a matrix of it.
    assert not any(value.shape[-2:] == (15, 15) for value in constants.values())
    operators = [node.op_type for node in graph.node]
    assert operators.count('Conv') == 1, 'the patches'
    assert not {'GatherND', 'GatherElements', 'ScatterND', 'Col2Im', 'DFT'} & set(operators)
    assert {node.domain for node in graph.node} <= {'', 'ai.onnx'}
    if not dynamic_batch:
        shaping = {'Gather', 'Shape', 'Slice', 'Pad', 'Resize', 'Expand', 'Constant'}
        assert not shaping & set(operators)


@pytest.mark.parametrize(
    ('settings', 'opset'),
    [
        (dict(kind='LKCAViT', gate='silu', projections='value_output'), 17),
        (dict(kind='PlainViT'), 20),
        (dict(mixers='lkca+mhsa', with_cls_token=True), 18),
        (dict(mixers=['mhsa', 'lkca', 'lkca'], with_cls_token=True), 17),
    ],
    ids=str,
)
@torch.no_grad()
def test_classifier_with_any_batch(make_classifier, tmp_path, settings, opset):
    network, path = make_classifier(**settings), tmp_path / 'model.onnx'
    convert(network, (40, 32), path, opset=opset, dynamic_batch=True)
    assert [one.version for one in onnx.load(str(path)).opset_import] == [opset]
    run, _ = open_onnx(path)
    for batch in (1, 2, 5):
        image = torch.randn(batch, 3, 40, 32)
        expected = network(image, mode='tensor')
        assert expected.std() > 0.1
        torch.testing.assert_close(run(image), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize('suffix', ['.onnx', PROGRAM])
@pytest.mark.parametrize(('head', 'dynamic_batch'), [('UPerHead', False), ('FPNHead', True)])
@torch.no_grad()
def test_segmentor(make_segmentor, tmp_path, head, dynamic_batch, suffix):
    network, path = make_segmentor(head), tmp_path / f'model{suffix}'
    # No side is a multiple of the patch.
    model = LogitsModel(network, (60, 76))
    counted, _, largest = export_model(model, path, dynamic_batch=dynamic_batch)
    run, nodes = (open_onnx if suffix == '.onnx' else open_program)(path)
    image = torch.randn(3 if dynamic_batch else 1, 3, 60, 76)
    expected = network.encode_decode(image, [dict(img_shape=(60, 76))])
    assert expected.shape[2:] == (60, 76) and expected.std() > 0.05
    assert (run(image) - expected).abs().max() < 1e-5 * expected.abs().max()
    assert counted == nodes > 20 and largest > 0.1
    assert list(tmp_path.iterdir()) == [path]
    if suffix == '.pt2':
        nodes = torch.export.load(path).graph.nodes
        called = [str(node.target) for node in nodes if node.op == 'call_function']
        assert not any('unfold' in name or 'flip' in name for name in called)


def test_a_file_that_differs_is_not_kept(make_classifier, tmp_path):
    path = tmp_path / 'model.onnx'
    path.write_text('the one before')
    model = LogitsModel(make_classifier(), (32, 32))
    with pytest.raises(ExportError, match=r'model\.onnx: not written: differs from PyTorch by'):
        export_model(model, path, tolerance=0)
    assert path.read_text() == 'the one before' and list(tmp_path.iterdir()) == [path]


def test_missing_package(make_classifier, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, 'onnxscript', None)
    model = LogitsModel(make_classifier(), (32, 32))
    with pytest.raises(InstallationError, match=r"onnxscript.*run: pip install -e '\.\[export\]'"):
        export_model(model, tmp_path / 'model.onnx')
    assert not list(tmp_path.iterdir())
