"""docs/your-own-data.md, followed as it stands in a new folder outside the checkout."""

import os
import re
import subprocess
from pathlib import Path

import numpy as np
import pytest
from document_commands import ROOT, commands
from PIL import Image

from lkca_mm.config import build_network, load_config

PAGE = Path('docs/your-own-data.md')
CONVERSION, CONFIG = re.findall(r'^```python\n(.*?)^```', (ROOT / PAGE).read_text(), re.M | re.S)
SHORT = {
    'train_cfg.max_iters': 2,
    'train_cfg.val_interval': 2,
    'default_hooks.checkpoint.interval': 2,
    'default_hooks.checkpoint.save_best': None,
    'model.data_preprocessor.size': '32,32',
    'train_dataloader.batch_size': 2,
    'train_dataloader.dataset.pipeline.3.crop_size': '(32,32)',
    **{f'{kind}_dataloader.num_workers': 0 for kind in ('train', 'val', 'test')},
    **{f'{kind}_dataloader.persistent_workers': False for kind in ('train', 'val', 'test')},
}
SHORT_MAE = {
    'train_cfg.max_epochs': 1,
    'model.backbone.img_size': 32,
    'model.neck.num_patches': 4,
    'train_dataloader.dataset.pipeline.1.scale': 32,
    **{key: SHORT[key] for key in SHORT if key.startswith('train_dataloader.') and '3' not in key},
}
SIZES = [(40, 70), (90, 33), (64, 64), (31, 47), (50, 36)]


def write_pair(root, split, number, size):
    """An image of noise with a bright rectangle, which its mask calls a car."""
    generator = np.random.default_rng(number)
    image = generator.integers(0, 100, (*size, 3), np.uint8)
    mask = generator.integers(0, 2, size, np.uint8)
    image[5:25, 5:25], mask[5:25, 5:25], mask[0] = 220, 2, 255
    for kind, suffix, pixels in (('images', 'jpg', image), ('masks', 'png', mask)):
        (root / kind / split).mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(root / kind / split / f'{number}.{suffix}')


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp('you')
    for number, size in enumerate(SIZES):
        write_pair(folder / 'street', 'train' if number < 3 else 'val', number, size)
    (folder / 'street.py').write_text(CONFIG)
    (folder / 'new').mkdir()
    Image.new('RGB', (61, 45)).save(folder / 'new' / 'photo.jpg')
    return folder


def run(command, folder, run_tool):
    """Runs a command of the page, shortened where it trains; its output."""
    words = command.words(folder)
    if words[0].endswith('.sh'):
        script = ROOT / 'tools' / Path(words[0]).name
        echoed = dict(os.environ, PYTHON='echo')
        started = subprocess.check_output([script, *words[1:]], env=echoed, text=True)
        assert 'tools/train.py street.py --launcher pytorch' in started
        return started
    assert words[0] == 'python' and '/LKCA-MM/tools/' in words[1]
    tool = Path(words[1]).stem
    words = [re.sub(r'iter_\d+\.pth', 'iter_2.pth', word) for word in words[2:]]
    words = [re.sub(r'epoch_\d+\.pth', 'epoch_1.pth', word) for word in words]
    if tool in ('train', 'test'):
        short = SHORT_MAE if '/mae_' in words[0] else SHORT
        words += ['--cfg-options', *(f'{key}={value}' for key, value in short.items())]
    code, out, err = run_tool(tool, *words)
    assert code == 0, err[-2000:]
    return out + err


@pytest.mark.usefixtures('quick_text')
def test_commands_one_after_the_other(folder, run_tool, monkeypatch):
    pytest.importorskip('onnxruntime')
    monkeypatch.chdir(folder)
    printed = {str(one): run(one, folder, run_tool) for one in commands([PAGE])}
    tools = {re.search(r'tools/(\w+)', name)[1] for name in printed}
    assert tools == {'train', 'test', 'predict', 'export', 'dist_train'}
    assert Path('street.onnx').is_file()
    assert {path.name for path in Path('drawn').iterdir()} == {'3.png', '4.png'}
    # At the image's own size.
    assert Image.open('predicted/photo_mask.png').size == (61, 45)
    (scored,) = (out for name, out in printed.items() if '--show-dir' in name)
    assert all(word in scored for word in ('background', 'road', 'car', 'mIoU: '))
    assert 'load backbone. in model from' in ''.join(printed.values())


def test_smaller_trunk(folder):
    (line,) = re.findall(r'`(width, arch, layers = .*)`', (ROOT / PAGE).read_text())
    small, count = re.subn(r'^width, arch, layers = .*$', line, CONFIG, flags=re.M)
    (folder / 'small.py').write_text(small)
    assert count == 1
    backbone = build_network(load_config(folder / 'small.py')).backbone
    assert (backbone.embed_dims, len(backbone.layers), backbone.grid) == (96, 6, (16, 16))


def test_conversion(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name, pixels in (
        ('black-and-white', np.array([[0, 255], [255, 0]], np.uint8)),
        ('coloured', np.array([[[0, 0, 142], [128, 64, 128]], [[0, 0, 0], [9, 9, 9]]], np.uint8)),
    ):
        Path(name).mkdir()
        Image.fromarray(pixels).save(f'{name}/a.png')
    exec(CONVERSION, {})
    assert np.array(Image.open('black-and-white/a.png')).tolist() == [[0, 1], [1, 0]]
    assert np.array(Image.open('coloured/a.png')).tolist() == [[2, 1], [0, 255]]
