"""tools/export.py, run in this process on small models."""

import json
import pickle
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from packaging.version import Version
from PIL import Image

from lkca_mm.engine.run_config import load_config
from lkca_mm.export.network import load_network
from lkca_mm.inference import load_model

ROOT = Path(__file__).parents[2]
CLASSIFIER = f"""
_base_ = {str(ROOT / 'configs' / 'cifar10' / 'lkca-t-light_15e.py')!r}
model = dict(
    backbone=dict(arch=dict(
        _delete_=True, embed_dims=24, num_layers=2, num_heads=2, mlp_ratio=1)),
    head=dict(in_channels=24),
)
"""
SEGMENTOR = f"""
_base_ = {str(ROOT / 'configs' / 'fpn_lkca-s_ade20k_20k.py')!r}
model = dict(
    backbone=dict(
        arch=dict(embed_dims=16, num_layers=4, num_heads=2, mlp_ratio=1),
        img_size=64, out_indices=(0, 1, 2, 3),
    ),
    neck=dict(in_channels=[16] * 4, out_channels=16),
    decode_head=dict(in_channels=[16] * 4, channels=16),
    data_preprocessor=dict(size=(64, 64)),
)
"""
SEGMENTOR = SEGMENTOR.replace('arch=dict(', 'arch=dict(_delete_=True, ')

RESNET = """
default_scope = 'mmpretrain'
model = dict(
    type='ImageClassifier',
    backbone=dict(type='ResNet', depth=18),
    neck=dict(type='GlobalAveragePooling'),
    head=dict(type='LinearClsHead', num_classes=4, in_channels=512),
)
"""

needs_torch_export = pytest.mark.skipif(
    Version(torch.__version__) < Version('2.4'), reason='.pt2 needs PyTorch 2.4'
)


def write(path, text):
    path.write_text(text)
    return path


@pytest.fixture
def classifier(tmp_path):
    return write(tmp_path / 'classifier.py', CLASSIFIER)


@pytest.fixture
def trained(tmp_path, classifier):
    """A checkpoint whose classes differ from picture to picture."""
    network, _ = load_network(load_config(str(classifier)))
    torch.manual_seed(3)
    for name, parameter in network.named_parameters():
        # Biases alike for all pictures would decide alone.
        parameter.normal_(0, 0.02 if 'bias' in name or 'pos_embed' in name else 0.3)
    meta = {'dataset_meta': {'classes': list('abcdefghij')}}
    torch.save({'state_dict': network.state_dict(), 'meta': meta}, tmp_path / 'weights.pth')
    return tmp_path / 'weights.pth'


def make_picture(path, height, width):
    pixels = np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(path)
    return torch.from_numpy(pixels).permute(2, 0, 1)[None].float()


def open_session(path):
    runtime = pytest.importorskip('onnxruntime')
    session = runtime.InferenceSession(str(path), providers=['CPUExecutionProvider'])
    (given,) = session.get_inputs()
    notes = session.get_modelmeta().custom_metadata_map
    return lambda image: session.run(None, {given.name: image.numpy()})[0], given.shape, notes


def make_cifar(folder, each=4):
    """The ten classes, ``each`` pictures of every one, as CIFAR-10's own files."""
    generator = np.random.default_rng(0)
    folder.mkdir(parents=True)
    for name in [f'data_batch_{number}' for number in range(1, 6)] + ['test_batch']:
        labels = np.repeat(np.arange(10), each)
        # Of one colour each, so that a small model tells them apart.
        pixels = generator.integers(0, 250, (len(labels), 3, 1)) + np.arange(1024) % 6
        content = {'data': pixels.reshape(-1, 3072).astype(np.uint8), 'labels': labels.tolist()}
        (folder / name).write_bytes(pickle.dumps(content))


@pytest.fixture
def onnx():
    pytest.importorskip('onnxscript')
    pytest.importorskip('onnxruntime')
    return pytest.importorskip('onnx')


def test_classifier_takes_a_picture_as_it_is(run_tool, tmp_path, classifier, trained, onnx):
    """What a user sees of the file is what tools/predict.py says of the picture's file."""
    out, record = tmp_path / 'new' / 'model.onnx', tmp_path / 'record.json'
    code, printed, errors = run_tool(
        'export', classifier, trained, '--out', out, '--rounds', 1, '--record', record
    )
    assert code == 0, errors
    assert re.search(r'ONNX +\d+ ', printed) and 'PyTorch' in printed
    assert [path.name for path in out.parent.iterdir()] == ['model.onnx']
    run, shape, notes = open_session(out)
    assert shape == [1, 3, 32, 32]
    assert notes['channels'] == 'RGB' and notes['values'] == '0 to 255'
    assert json.loads(notes['classes']) == list('abcdefghij')

    picture = make_picture(tmp_path / 'picture.png', 32, 32)
    sample = load_model(str(classifier), str(trained), 'cpu').predict(tmp_path / 'picture.png')[1]
    scores = torch.from_numpy(run(picture)).softmax(1)[0]
    assert scores.max() < 0.999
    torch.testing.assert_close(scores, sample.pred_score, rtol=1e-4, atol=1e-5)

    written = json.loads(record.read_text())
    (pytorch, file) = written['results']
    assert pytorch['name'] == 'PyTorch' and file['file'] == 'model.onnx'
    assert file['bytes'] == out.stat().st_size
    assert file['nodes'] == len(onnx.load(str(out)).graph.node) == sum(file['operators'].values())
    assert 0 < file['largest_difference'] <= 1e-4 * file['largest_logit']
    assert written['environment']['onnxruntime'] and written['settings']['opset'] == 17


def test_segmentor_gives_logits_of_the_picture(run_tool, tmp_path, onnx):
    config, checkpoint = write(tmp_path / 'segmentor.py', SEGMENTOR), tmp_path / 'weights.pth'
    network, _ = load_network(load_config(str(config)))
    torch.save({'state_dict': network.state_dict()}, checkpoint)
    out = tmp_path / 'model.onnx'
    options = ['--size', 48, 80, '--dynamic-batch', '--opset', 18, '--rounds', 1]
    code, _, errors = run_tool('export', config, checkpoint, '--out', out, *options)
    assert code == 0, errors
    run, shape, notes = open_session(out)
    assert shape == ['batch', 3, 48, 80] and notes['channels'] == 'RGB'

    picture = make_picture(tmp_path / 'picture.png', 48, 80)
    model = load_model(str(config), str(checkpoint), 'cpu')
    data = model.network.data_preprocessor(
        # As mmseg's loader gives it: BGR. The preprocessor of this config pads to its size.
        {'inputs': [picture[0].flip(0).byte()], 'data_samples': None}
    )
    expected = model.network.encode_decode(data['inputs'], [dict(img_shape=(48, 80))])
    found = torch.from_numpy(run(picture.expand(2, -1, -1, -1).contiguous()))
    assert found.shape == (2, 150, 48, 80)
    torch.testing.assert_close(found[1:], expected, rtol=1e-4, atol=1e-4)


@needs_torch_export
def test_torch_export(run_tool, tmp_path, classifier, trained):
    out = tmp_path / 'model.pt2'
    options = ['--dynamic-batch', '--input', 'normalized', '--rounds', 1]
    code, printed, errors = run_tool('export', classifier, trained, '--out', out, *options)
    assert code == 0, errors
    assert 'torch.export' in printed
    extra = {'metadata.json': ''}
    module = torch.export.load(out, extra_files=extra).module()
    assert json.loads(extra['metadata.json'])['values'] == 'normalized'
    image = torch.randn(3, 3, 32, 32)
    expected = load_model(str(classifier), str(trained), 'cpu').network(image, mode='tensor')
    torch.testing.assert_close(module(image), expected, rtol=1e-4, atol=1e-5)


def test_int8_and_accuracy(run_tool, tmp_path, classifier, trained, onnx):
    make_cifar(tmp_path / 'data' / 'cifar-10-batches-py')
    data = f'test_dataloader.dataset.data_root={tmp_path / "data"}'
    out, record = tmp_path / 'model.onnx', tmp_path / 'record.json'
    command = ['export', classifier, trained, '--out', out, '--int8', '--evaluate', '--rounds', 1]
    command += [
        '--int8-convs',
        '--dynamic-batch',
        '--batch',
        5,
        '--record',
        record,
        '--cfg-options',
        data,
    ]
    code, printed, errors = run_tool(*command, 'test_dataloader.dataset.allow_partial=True')
    assert code == 0, errors
    assert 'top-1' in printed
    pytorch, fp32, int8 = json.loads(record.read_text())['results']
    assert int8['file'] == 'model.int8.onnx'
    # The file by itself, on the bytes of the data set's file.
    content = pickle.loads((tmp_path / 'data/cifar-10-batches-py/test_batch').read_bytes())
    pictures = torch.from_numpy(content['data']).reshape(-1, 3, 32, 32).float()
    found = open_session(out)[0](pictures).argmax(1)
    expected = 100 * (found == content['labels']).mean()
    assert len(set(found)) > 2 and 0 < expected < 100
    assert pytorch['top1'] == fp32['top1'] == pytest.approx(expected)
    assert {'MatMulInteger', 'ConvInteger'} <= set(int8['operators'])


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (['--out', 'model.engine'], 'must end in .onnx or .pt2'),
        (['--out', 'model'], 'must end in .onnx or .pt2'),
        (['--out', 'model.onnx', '--opset', '16'], '--opset 16: must be 17 or more'),
        (['--out', 'model.pt2', '--int8'], '--int8'),
        (['--out', 'model.onnx', '--int8-convs'], '--int8-convs: give --int8 too'),
        (['--out', 'model.onnx', '--opset', '99'], 'opset 99'),
        (['--out', 'model.onnx', '--record', __file__], 'exists and holds no figures'),
    ],
)
def test_impossible_arguments(run_tool, tmp_path, monkeypatch, classifier, onnx, options, message):
    monkeypatch.chdir(tmp_path)
    code, _, errors = run_tool('export', classifier, *options)
    lines = [line for line in errors.splitlines() if line.startswith('error: ')]
    assert code == 1 and message in lines[-1]
    assert not list(tmp_path.glob('model*'))


def test_a_file_that_differs_does_not_stay(run_tool, tmp_path, classifier, onnx):
    """The one that is there already stays as it was."""
    out = write(tmp_path / 'model.onnx', 'the one before')
    code, _, errors = run_tool('export', classifier, '--out', out, '--tolerance', 0)
    assert code == 1
    assert re.search(r'error: .*model\.onnx: not written: differs from PyTorch by', errors)
    assert out.read_text() == 'the one before'
    assert not list(tmp_path.glob('*.part'))


@needs_torch_export
def test_missing_package(run_tool, tmp_path, monkeypatch, classifier):
    def absent(name):
        raise ModuleNotFoundError(f'No module named {name!r}', name=name)

    monkeypatch.setattr('lkca_mm.export.packages.import_module', absent)
    code, _, errors = run_tool('export', classifier, '--out', tmp_path / 'model.onnx')
    assert code == 1 and "pip install -e '.[export]'" in errors
    code, _, errors = run_tool('export', classifier, '--out', tmp_path / 'model.pt2', '--rounds', 1)
    assert code == 0, errors


@needs_torch_export
def test_config_without_a_size(run_tool, tmp_path):
    config = write(tmp_path / 'resnet.py', RESNET)
    code, _, errors = run_tool('export', config, '--out', tmp_path / 'model.pt2')
    assert code == 1 and 'resnet.py' in errors and '--size H W' in errors


@needs_torch_export
def test_checkpoint_of_another_model(run_tool, tmp_path, classifier):
    torch.save({'state_dict': {'other': torch.zeros(1)}}, tmp_path / 'other.pth')
    out = tmp_path / 'model.pt2'
    code, _, errors = run_tool('export', classifier, tmp_path / 'other.pth', '--out', out)
    assert code == 1 and 'is a checkpoint of another model' in errors and not out.exists()


@needs_torch_export
def test_models_without_logits_and_scores(run_tool, tmp_path):
    text = CLASSIFIER + "\nmodel['head'] = None\n"
    headless = write(tmp_path / 'headless.py', text)
    code, _, errors = run_tool('export', headless, '--out', tmp_path / 'model.pt2')
    assert code == 1 and 'gives no logits' in errors
    segmentor = write(tmp_path / 'segmentor.py', SEGMENTOR)
    code, _, errors = run_tool('export', segmentor, '--out', tmp_path / 'm.pt2', '--evaluate')
    assert code == 1 and '--evaluate scores classifiers' in errors


def test_document_quotes_the_records():
    text = (ROOT / 'docs' / 'export.md').read_text(encoding='utf-8')
    for name in ('export_cifar10', 'export_upernet'):
        record = json.loads((ROOT / 'results' / f'{name}.json').read_text())
        assert record['command'] in text
        for result in record['results']:
            size, time = result['bytes'] / 2**20, result['milliseconds']
            row = f'| {result["name"]} | {result["nodes"] or ""} | {size:.2f} | '
            assert row in text and f'| {time:.2f} |' in text
            assert f'| {result["top1"]:.2f} |' in text if 'top1' in result else True
    scores = {
        one['name']: one['top1']
        for one in json.loads((ROOT / 'results' / 'export_cifar10.json').read_text())['results']
    }
    (card,) = (ROOT / 'checkpoints').glob('lkca-t-light_cifar10-*.md')
    assert f'accuracy/top1 {scores["PyTorch"]:.2f}' in card.read_text(encoding='utf-8')
