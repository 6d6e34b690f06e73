"""tools/predict.py on the shipped checkpoint and on a tiny segmentor with random weights."""

import numpy as np
import pytest
import torch
from checks import CLASSIFIER, WEIGHTS, error_line
from mmpretrain.datasets import CIFAR10
from PIL import Image

from lkca_mm.apis import load_model, predict
from lkca_mm.config import build_network, load_config


@pytest.fixture
def segmentor(write_config, tmp_path, request):
    """A config, with the settings of a parametrized test, and random weights."""
    config = write_config(getattr(request, 'param', ''))
    torch.manual_seed(0)
    network = build_network(load_config(config))
    torch.save({'state_dict': network.state_dict()}, tmp_path / 'weights.pth')
    return config, tmp_path / 'weights.pth'


def test_folder_with_a_broken_image(run_tool, segmentor, scenes, tmp_path):
    config, checkpoint = segmentor
    folder, out = tmp_path / 'images', tmp_path / 'new' / 'out'
    folder.mkdir()
    source = next((scenes / 'images' / 'validation').iterdir())
    for name in ('a.png', 'a.bmp', 'a_mask.webp'):
        Image.open(source).save(folder / name)
    (folder / 'broken.jpg').write_bytes(source.read_bytes()[:300])
    (folder / 'notes.txt').write_text('not an image')
    code, printed, errors = run_tool('predict', config, checkpoint, folder, '--out', out)
    error_line(code, errors, 'broken.jpg: cannot be read as an image')
    names = ['a_bmp', 'a_mask_webp', 'a_png']
    expected = sorted(f'{name}{ending}' for name in names for ending in ('.png', '_mask.png'))
    assert sorted(path.name for path in out.iterdir()) == expected
    assert printed.splitlines()[-1].startswith('3 of 4 images done')

    model = load_model(str(config), str(checkpoint), 'cpu')
    mask = predict(model, folder / 'a.png').pred_sem_seg.data[0].numpy()
    with Image.open(out / 'a_png_mask.png') as found:
        assert found.mode == 'P' and (np.asarray(found) == mask).all()
    values, counts = np.unique(mask, return_counts=True)
    most = model.dataset_meta['classes'][values[counts.argmax()]]
    assert f'a.png: {most} {counts.max() / mask.size:.1%}' in printed
    # 32 x 32, twelve times as large for the class names.
    assert Image.open(out / 'a_png.png').size == (384, 384)


BINARY = """
model['decode_head'].update(num_classes=2, out_channels=1)
model['decode_head']['loss_decode'] = dict(type='CrossEntropyLoss', use_sigmoid=True)
for loader in ('train', 'val', 'test'):
    locals()[f'{loader}_dataloader']['dataset']['metainfo'] = dict(classes=('no', 'yes'))
"""


@pytest.mark.parametrize('segmentor', [BINARY], indirect=True, ids=['binary'])
def test_a_head_of_one_channel(run_tool, segmentor, scenes, tmp_path):
    source = next((scenes / 'images' / 'validation').iterdir())
    code, printed, errors = run_tool('predict', *segmentor, source, '--out', tmp_path / 'out')
    assert code == 0, errors
    assert 'yes ' in printed or 'no ' in printed


def test_classifier_names_the_best_five(run_tool, tmp_path):
    generator = np.random.default_rng(0)
    paths = [tmp_path / 'one.png', tmp_path / 'two.png']
    for path in paths:
        Image.fromarray(generator.integers(0, 256, (50, 70, 3), np.uint8)).save(path)
    code, printed, errors = run_tool(
        'predict', CLASSIFIER, WEIGHTS, *paths, '--out', tmp_path / 'out'
    )
    assert code == 0, errors
    sample = predict(load_model(str(CLASSIFIER), str(WEIGHTS), 'cpu'), paths[0])
    best = sample.pred_score.argsort(descending=True)[:5].tolist()
    expected = ', '.join(
        f'{CIFAR10.METAINFO["classes"][index]} {sample.pred_score[index]:.1%}' for index in best
    )
    assert f'one.png: {expected}' in printed.splitlines()
    for name in ('one.png', 'two.png'):
        assert Image.open(tmp_path / 'out' / name).width > 400


def test_errors_are_one_line_and_leave_nothing(run_tool, segmentor, tmp_path):
    config, checkpoint = segmentor
    image, out = tmp_path / 'photos' / 'photo.png', tmp_path / 'out'
    image.parent.mkdir()
    Image.new('RGB', (40, 30)).save(image)
    before = image.read_bytes()
    for words, message in (
        ((config, checkpoint, 'nothing.png'), 'nothing.png: no such image or folder'),
        ((config, WEIGHTS, image), 'is a checkpoint of another model'),
        ((config, checkpoint, image, '--device', 'gpu7'), 'gpu7'),
        ((config, checkpoint, image, '--opacity', 2), '--opacity 2.0 must be in [0, 1]'),
        ((config, checkpoint, image, '--out', image.parent), 'holds the images'),
    ):
        code, _, errors = run_tool('predict', '--out', out, *words)
        error_line(code, errors, message)
    assert not out.exists() and image.read_bytes() == before
