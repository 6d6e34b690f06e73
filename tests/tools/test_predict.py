"""tools/predict.py, run in this process on tiny models with random weights."""

import importlib.util
from pathlib import Path

from lkca_mm.command import run_command

import cv2
import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.registry import MODELS, DefaultScope, init_default_scope
from PIL import Image
from torch.nn import functional as F

from lkca_mm.inference import load_model
from lkca_mm.inference.files import name_results

MEAN, STD = (120.0, 110.0, 100.0), (60.0, 55.0, 50.0)
BACKBONE = f"""
mean, std = {MEAN}, {STD}
custom_imports = dict(imports=['lkca_mm'], allow_failed_imports=False)
backbone = dict(
    type='LKCAViT',
    arch=dict(embed_dims=24, num_layers=2, num_heads=2, mlp_ratio=2),
    img_size=64,
    patch_size=16,
)
"""
SEGMENTOR = (
    BACKBONE
    + """
default_scope = 'mmseg'
model = dict(
    type='EncoderDecoder',
    data_preprocessor=dict(type='SegDataPreProcessor', mean=mean, std=std, bgr_to_rgb=True),
    backbone=backbone,
    decode_head=dict(
        type='FCNHead',
        in_channels=24,
        channels=8,
        num_convs=1,
        concat_input=False,
        num_classes=4,
        norm_cfg=dict(type='SyncBN'),
        align_corners=False,
    ),
    test_cfg=dict(mode='whole'),
)
test_dataloader = dict(
    dataset=dict(
        type='CamVidDataset',
        metainfo=dict(classes=('from', 'the', 'config', 'itself')),
        pipeline=[
            dict(type='LoadImageFromFile'),
            dict(type='LoadAnnotations'),
            dict(type='PackSegInputs'),
        ],
    )
)
"""
)
CLASSIFIER = (
    BACKBONE
    + """
default_scope = 'mmpretrain'
data_preprocessor = dict(num_classes=10, mean=mean, std=std, to_rgb=False)
model = dict(
    type='ImageClassifier',
    backbone=backbone,
    neck=dict(type='GlobalAveragePooling'),
    head=dict(type='LinearClsHead', num_classes=10, in_channels=24),
)
test_dataloader = dict(dataset=dict(type='CIFAR10', pipeline=[dict(type='PackInputs')]))
"""
)
SEG_META = {
    'classes': ('road', 'sky', 'tree', 'car'),
    'palette': [[200, 0, 0], [0, 200, 0], [0, 0, 200], [200, 200, 0]],
}
CIFAR10 = ['airplane', 'automobile', 'bird', 'cat', 'deer', 'dog', 'frog', 'horse', 'ship', 'truck']


@pytest.fixture(scope='module')
def tool():
    path = Path(__file__).parents[2] / 'tools' / 'predict.py'
    spec = importlib.util.spec_from_file_location('predict_tool', path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def run(tool, capsys):
    """Runs the tool; returns its exit code, its lines and its lines of errors."""

    def call(*argv):
        code = run_command(tool.build_parser(), tool.main, [str(arg) for arg in argv])
        printed = capsys.readouterr()
        return code, printed.out.splitlines(), printed.err.splitlines()

    return call


def build(folder, text, scope, meta):
    """Writes a config and a checkpoint; returns their paths and the network."""
    config_path, checkpoint_path = folder / 'config.py', folder / 'weights.pth'
    config_path.write_text(text)
    config = Config.fromfile(str(config_path))
    settings = config.model.copy()
    if 'decode_head' in settings:
        settings['decode_head']['norm_cfg'] = {'type': 'BN'}
    torch.manual_seed(0)
    init_default_scope(scope)
    network = MODELS.build(settings).eval()
    with torch.no_grad():
        for parameter in network.parameters():
            # Large enough that the classes differ from place to place.
            parameter.normal_(0, 0.3)
    weights = {'state_dict': network.state_dict(), 'meta': {'dataset_meta': meta} if meta else {}}
    torch.save(weights, checkpoint_path)
    return config_path, checkpoint_path, network


@pytest.fixture(scope='module', autouse=True)
def keep_default_scope():
    """Leaves the default scope to the other tests as it was."""
    before = DefaultScope.get_current_instance()
    yield
    if before is not None:
        init_default_scope(before.scope_name)


@pytest.fixture(scope='module')
def segmentor(tmp_path_factory):
    return build(tmp_path_factory.mktemp('segmentor'), SEGMENTOR, 'mmseg', SEG_META)


@pytest.fixture(scope='module')
def classifier(tmp_path_factory):
    meta = {'classes': CIFAR10}
    return build(tmp_path_factory.mktemp('classifier'), CLASSIFIER, 'mmpretrain', meta)


def make_image(path, height=70, width=90, seed=0):
    """Writes smooth random colours; returns them as RGB."""
    noise = np.random.default_rng(seed).integers(0, 256, (5, 6, 3), dtype=np.uint8)
    image = Image.fromarray(noise).resize((width, height), Image.Resampling.BILINEAR)
    path.parent.mkdir(parents=True, exist_ok=True)
    image.save(path)
    return np.asarray(image)


def normalised(rgb):
    image = (rgb.astype(np.float32) - np.float32(MEAN)) / np.float32(STD)
    return torch.from_numpy(image.transpose(2, 0, 1))[None]


def test_mask_is_the_argmax_of_the_network(tmp_path, run, segmentor):
    config, checkpoint, network = segmentor
    rgb = make_image(tmp_path / 'photo.png')
    out = tmp_path / 'new' / 'out'
    code, lines, errors = run(config, checkpoint, tmp_path / 'photo.png', '--out', out)
    assert (code, errors) == (0, [])
    assert lines[-2].startswith('photo.png: ') and len(lines) >= 2
    assert sorted(path.name for path in out.iterdir()) == ['photo.png', 'photo_mask.png']

    with torch.no_grad():
        logits = network.decode_head(network.backbone(normalised(rgb)))
    logits = F.interpolate(logits, size=rgb.shape[:2], mode='bilinear', align_corners=False)
    expected = logits.argmax(dim=1)[0].numpy()
    assert len(np.unique(expected)) > 1
    picture = Image.open(out / 'photo_mask.png')
    assert picture.mode == 'P'
    assert (np.asarray(picture) == expected).all()
    colours = np.array(SEG_META['palette'])[expected]
    assert (np.asarray(picture.convert('RGB')) == colours).all()


def test_overlay_shows_image_and_colours(tmp_path, run, segmentor):
    config, checkpoint, _ = segmentor
    rgb = make_image(tmp_path / 'photo.png', height=260, width=300)
    pictures = {}
    for opacity in ('0', '1'):
        out = tmp_path / opacity
        image = tmp_path / 'photo.png'
        code, *_ = run(config, checkpoint, image, '--out', out, '--opacity', opacity)
        assert code == 0
        pictures[opacity] = np.asarray(Image.open(out / 'photo.png'))
        mask = np.asarray(Image.open(out / 'photo_mask.png'))
    # All but the names (white, with a rim) and the outlines is as it should be.
    assert pictures['0'].shape[1] == 300 and pictures['0'].shape[0] > 260
    assert (pictures['0'][:260] == rgb).all(axis=-1).mean() > 0.9
    colours = np.array(SEG_META['palette'])[mask]
    assert (pictures['1'][:260] == colours).all(axis=-1).mean() > 0.9


def test_folder_with_same_stems_and_a_broken_image(tmp_path, run, segmentor):
    config, checkpoint, _ = segmentor
    folder, out = tmp_path / 'images', tmp_path / 'out'
    for seed, name in enumerate(('a.png', 'a.bmp', 'a_mask.JPG', 'z.webp')):
        make_image(folder / name, seed=seed)
    (folder / 'broken.jpg').write_bytes((folder / 'a_mask.JPG').read_bytes()[:300])
    (folder / 'notes.txt').write_text('not an image')
    code, lines, errors = run(config, checkpoint, folder, '--out', out)
    assert code == 1
    assert len(errors) == 1 and 'broken.jpg' in errors[0]
    names = ['a_bmp', 'a_mask', 'a_png', 'z']
    expected = sorted(f'{name}{ending}' for name in names for ending in ('.png', '_mask.png'))
    assert sorted(path.name for path in out.iterdir()) == expected
    assert lines[-1].startswith('4 of 5 images done')


def test_names_of_results_never_meet():
    images = [Path(name) for name in ('a.jpg', 'a_mask.jpg', 'B.png', 'b.png', 'b_png.jpg', 'c.X')]
    names = name_results(images, ('.png', '_mask.png'))
    files = [f'{name}{ending}'.lower() for name in names for ending in ('.png', '_mask.png')]
    assert len(set(files)) == len(files)
    assert names[0] == 'a' and names[-1] == 'c'


def test_classes_of_the_config_stand_in(tmp_path, run):
    config, checkpoint, _ = build(tmp_path, SEGMENTOR, 'mmseg', None)
    make_image(tmp_path / 'photo.png')
    code, lines, _ = run(config, checkpoint, tmp_path / 'photo.png', '--out', tmp_path / 'out')
    assert code == 0
    assert any(name in lines[-2] for name in ('from', 'the', 'config', 'itself'))
    assert not any(name in lines[-2] for name in SEG_META['classes'])


def test_classifier_names_the_best_five(tmp_path, run, classifier):
    config, checkpoint, network = classifier
    # The pipeline does not resize, for CIFAR's images never need it; a photo does.
    photo = make_image(tmp_path / 'photo.png', height=128, width=96)
    rgb = cv2.resize(photo, (64, 64), interpolation=cv2.INTER_LINEAR)
    code, lines, errors = run(config, checkpoint, tmp_path / 'photo.png', '--out', tmp_path / 'out')
    assert (code, errors) == (0, [])
    with torch.no_grad():
        tokens = network.backbone(normalised(rgb))[-1].mean(dim=(2, 3))
        scores = network.head.fc(tokens).softmax(dim=1)[0]
    best = scores.argsort(descending=True)[:5].tolist()
    expected = ', '.join(f'{CIFAR10[index]} {100 * scores[index]:.1f}%' for index in best)
    assert lines[-2] == f'photo.png: {expected}'
    picture = np.asarray(Image.open(tmp_path / 'out' / 'photo.png'))
    assert picture.shape[1] == 3 * 96 and picture.shape[0] > 3 * 128


def one_line(result):
    code, _, errors = result
    assert code == 1
    assert len(errors) == 1 and errors[0].startswith('error: ')
    return errors[0]


def test_errors_are_one_line_and_leave_nothing(tmp_path, run, segmentor, classifier):
    config, checkpoint, _ = segmentor
    image, out = tmp_path / 'photo.png', tmp_path / 'out'
    make_image(image)
    empty, broken, bare = tmp_path / 'empty', tmp_path / 'broken.png', tmp_path / 'bare.py'
    empty.mkdir()
    broken.write_bytes(image.read_bytes()[:200])
    bare.write_text("default_scope = 'mmseg'\n")

    def fail(*argv):
        return one_line(run(*argv, '--out', out))

    assert 'nothing.png' in fail(config, checkpoint, tmp_path / 'nothing.png')
    assert 'no image' in fail(config, checkpoint, empty)
    assert 'broken.png' in fail(config, checkpoint, broken)
    assert 'model' in fail(bare, checkpoint, image)
    assert 'nothing.py' in fail(tmp_path / 'nothing.py', checkpoint, image)
    assert 'nothing.pth' in fail(config, tmp_path / 'nothing.pth', image)
    assert 'weights.pth' in fail(config, classifier[1], image)
    assert 'device=gpu7' in fail(config, checkpoint, image, '--device', 'gpu7')
    assert not out.exists()


def test_image_that_the_network_cannot_take_is_named(tmp_path, run, segmentor, monkeypatch):
    config, checkpoint, _ = segmentor
    make_image(tmp_path / 'photo.png', height=3, width=5)
    message = 'sizes should be greater than 0,\n but got 0'

    def test_step(self, data):
        raise RuntimeError(message)

    monkeypatch.setattr('mmseg.models.EncoderDecoder.test_step', test_step)
    line = one_line(run(config, checkpoint, tmp_path / 'photo.png', '--out', tmp_path / 'out'))
    assert 'photo.png of 5x3 pixels' in line and 'greater than 0, but got 0' in line
    assert not (tmp_path / 'out').exists()


def test_empty_names_are_seen(tmp_path, run, segmentor):
    config, checkpoint, _ = segmentor
    make_image(tmp_path / 'photo.png')
    rest = (tmp_path / 'photo.png', '--out', tmp_path / 'out')
    assert one_line(run('', checkpoint, *rest)).startswith("error: '': there is no such config")
    assert "'\\t'" in one_line(run(config, '\t', *rest))


def test_results_never_replace_an_image(tmp_path, run, segmentor):
    config, checkpoint, _ = segmentor
    image = tmp_path / 'photo.png'
    make_image(image)
    before = image.read_bytes()
    assert '--out' in one_line(run(config, checkpoint, image, '--out', tmp_path))
    assert image.read_bytes() == before


def test_wrong_number_of_names(tmp_path, run):
    meta = {'classes': ['only', 'three', 'names'], 'palette': [[0, 0, 0]] * 3}
    config, checkpoint, _ = build(tmp_path, SEGMENTOR, 'mmseg', meta)
    make_image(tmp_path / 'photo.png')
    line = one_line(run(config, checkpoint, tmp_path / 'photo.png', '--out', tmp_path / 'out'))
    assert '4 classes' in line and '3 are named' in line


def test_loaded_model_is_ready_for_one_process(segmentor):
    config, checkpoint, _ = segmentor
    network = load_model(str(config), str(checkpoint), 'cpu').network
    assert not network.training
    assert not [m for m in network.modules() if isinstance(m, torch.nn.SyncBatchNorm)]
