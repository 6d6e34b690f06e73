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
pytest.importorskip('onnxscript')


@pytest.fixture
def photo(tmp_path):
    """An image file and its values (1, 3, 32, 32)."""
    pixels = np.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / 'photo.png')
    return tmp_path / 'photo.png', torch.from_numpy(pixels).permute(2, 0, 1)[None].float()


def open_session(path):
    session = runtime.InferenceSession(str(path), providers=['CPUExecutionProvider'])
    (given,) = session.get_inputs()
    notes = session.get_modelmeta().custom_metadata_map
    return lambda image: session.run(None, {given.name: image.numpy()})[0], given.shape, notes


def test_classifier_takes_an_image_as_it_is(run_tool, tmp_path, photo):
    """What the file says of an image is what tools/predict.py says of the image's file."""
    out = tmp_path / 'new' / 'model.onnx'
    code, printed, errors = run_tool('export', CLASSIFIER, WEIGHTS, '--out', out)
    assert code == 0, errors
    assert re.search(r'model\.onnx: \d+ nodes, 4\.1\d MiB, images of 32 x 32; differs', printed)
    run, shape, notes = open_session(out)
    assert shape == [1, 3, 32, 32]
    assert notes['channels'] == 'RGB' and notes['values'] == '0 to 255'
    assert json.loads(notes['classes'])[0] == 'airplane'
    assert json.loads(notes['mean']) == [125.307, 122.961, 113.8575]  # the config's
    path, values = photo
    sample = predict(load_model(str(CLASSIFIER), str(WEIGHTS), 'cpu'), path)
    scores = torch.from_numpy(run(values)).softmax(1)[0]
    torch.testing.assert_close(scores, sample.pred_score, rtol=1e-4, atol=1e-5)


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
