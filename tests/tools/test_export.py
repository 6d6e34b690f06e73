"""tools/export.py on the shipped checkpoint and on a small segmentor."""

import json
import re

import numpy as np
import pytest
import torch
from checks import CLASSIFIER, WEIGHTS, error_line
from PIL import Image

from lkca_mm.apis import load_model, predict

runtime = pytest.importorskip('onnxruntime')
quantize_dynamic = pytest.importorskip('onnxruntime.quantization').quantize_dynamic
pytest.importorskip('onnxscript')


def open_session(path):
    session = runtime.InferenceSession(str(path), providers=['CPUExecutionProvider'])
    (given,) = session.get_inputs()
    notes = session.get_modelmeta().custom_metadata_map
    return lambda image: session.run(None, {given.name: image.numpy()})[0], given.shape, notes


def test_classifier_takes_an_image_as_it_is(run_tool, tmp_path):
    """What the file says of an image is what predict says of the image's file; int8 nearly so."""
    out = tmp_path / 'new' / 'model.onnx'
    code, printed, errors = run_tool('export', CLASSIFIER, WEIGHTS, '--out', out)
    assert code == 0, errors
    assert re.search(r'model\.onnx: \d+ nodes, 4\.0\d MiB, images of 32 x 32; differs', printed)
    run, shape, notes = open_session(out)
    assert shape == [1, 3, 32, 32]
    assert notes['channels'] == 'RGB' and notes['values'] == '0 to 255'
    assert json.loads(notes['classes'])[0] == 'airplane'
    assert json.loads(notes['mean']) == [125.307, 122.961, 113.8575]  # the config's
    pixels = np.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype=np.uint8)
    values, path = torch.from_numpy(pixels).permute(2, 0, 1)[None].float(), tmp_path / 'image.png'
    Image.fromarray(pixels).save(path)
    sample = predict(load_model(str(CLASSIFIER), str(WEIGHTS), 'cpu'), path)
    scores = torch.from_numpy(run(values)).softmax(1)[0]
    torch.testing.assert_close(scores, sample.pred_score, rtol=1e-4, atol=1e-5)
    int8 = tmp_path / 'int8.onnx'  # as docs/export.md makes it
    quantize_dynamic(out, int8, op_types_to_quantize=['MatMul', 'Gemm'], per_channel=True)
    error = abs(open_session(int8)[0](values) - run(values)).max() / abs(run(values)).max()
    assert 1e-5 < error < 0.05


@pytest.mark.parametrize(
    ('words', 'message'),
    [
        (['--out', 'model.engine'], 'must end in .onnx or .pt2'),
        (['--out', 'model.onnx', '--opset', '99'], '99'),
        ([WEIGHTS, '--out', 'model.onnx', '--tolerance', '0'], 'not written: differs from PyTorch'),
        ([__file__, '--out', 'model.onnx'], 'test_export.py'),
    ],
)
def test_errors_are_one_line(run_tool, tmp_path, monkeypatch, words, message):
    monkeypatch.chdir(tmp_path)
    code, _, errors = run_tool('export', CLASSIFIER, *words)
    error_line(code, errors, message)
    assert not list(tmp_path.glob('model*'))
