"""tools/visualize.py from end to end, on a tiny model that was trained for four iterations."""

import json

import numpy as np
import pytest
from mmengine.registry import init_default_scope
from mmpretrain.visualization import UniversalVisualizer
from mmseg.visualization import SegLocalVisualizer
from PIL import Image

from lkca_mm.engine.run_config import load_config
from lkca_mm.visualization.truth_masks import TruthMasks

pytestmark = pytest.mark.usefixtures('quick_text')


@pytest.fixture(autouse=True)
def _no_visualizer_of_an_earlier_run():
    """A second one of the same name in a process is the first, with its folder and backends."""
    for kind in (SegLocalVisualizer, UniversalVisualizer):
        kind._instance_dict.clear()
    yield
    for kind in (SegLocalVisualizer, UniversalVisualizer):
        kind._instance_dict.clear()


@pytest.fixture(scope='module')
def kept(tmp_path_factory):
    """A folder and what is known of it, for all tests of this module."""
    return {'folder': tmp_path_factory.mktemp('trained')}


@pytest.fixture
def trained(run_tool, write_config, kept):
    """A config, its checkpoint and its work dir."""
    if 'config' not in kept:
        work = kept['folder'] / 'work'
        config = kept['folder'] / 'tiny.py'
        text = f'work_dir = {str(work)!r}\nmodel["backbone"]["kernel_init"] = "conv"\n'
        config.write_text(write_config(text).read_text())
        code, _, err = run_tool('train', config)
        assert code == 0, err
        kept.update(config=config, checkpoint=work / 'iter_4.pth', work=work)
    return kept['config'], kept['checkpoint'], kept['work']


def error_line(code, err):
    assert code == 1, err
    assert 'Traceback' not in err
    (line,) = [line for line in err.splitlines() if line.startswith('error: ')]
    return line


def test_kernels(run_tool, trained, tmp_path):
    config, checkpoint, _ = trained
    code, out, err = run_tool(
        'visualize', 'kernels', config, checkpoint, '--out', tmp_path / 'a.svg'
    )
    assert code == 0, err
    assert f'written to {tmp_path / "a.svg"}' in out
    text = (tmp_path / 'a.svg').read_text()
    for word in ('LKCA kernels of tiny', 'work/iter_4.pth', 'layer 0', 'layer 3'):
        assert word in text
    again = run_tool('visualize', 'kernels', config, checkpoint, '--out', tmp_path / 'b.svg')
    assert again[0] == 0
    assert (tmp_path / 'b.svg').read_text() == text
    line = error_line(
        *run_tool(
            'visualize', 'kernels', config, checkpoint, '--layers', 9, '--out', tmp_path / 'c.png'
        )[::2]
    )
    assert 'layer 9; there are 0, 1, 2, 3' in line
    assert not (tmp_path / 'c.png').exists()


def test_receptive_fields(run_tool, trained, scenes, tmp_path):
    config, checkpoint, _ = trained
    code, out, err = run_tool(
        'visualize', 'erf', '--model', config, checkpoint, '--model', config,
        'model.backbone.kernel_init=zero', '--images', scenes / 'images' / 'validation',
        '--names', 'trained', 'start', '--out', tmp_path / 'a.svg', '--json', tmp_path / 'a.json',
    )  # fmt: skip
    assert code == 0, err
    record = json.loads((tmp_path / 'a.json').read_text())
    assert record['size'] == 32 and len(record['images']) == 2
    trained_model, start = record['models']
    # Four layers of kernels of zeros: the patch of 8 pixels alone.
    assert start['extents']['90%']['side'] <= 8 < trained_model['extents']['90%']['side']
    assert start['checkpoint'] is None
    assert f'start: 50% in {start["extents"]["50%"]["side"]} px' in out
    text = (tmp_path / 'a.svg').read_text()
    for word in ('untrained', 'work/iter_4.pth', '2 images of 32 x 32', 'kernel_init=zero'):
        assert word in text


def test_predictions_beside_the_truth(run_tool, trained, scenes, tmp_path):
    config, checkpoint, _ = trained
    folders = [scenes / kind / 'validation' for kind in ('images', 'annotations')]
    code, _, err = run_tool(
        'visualize', 'predictions', config, checkpoint, folders[0],
        '--truth', folders[1], '--out', tmp_path / 'a.png',
    )  # fmt: skip
    assert code == 0, err
    three = Image.open(tmp_path / 'a.png')
    code, _, err = run_tool(
        'visualize', 'predictions', config, checkpoint,
        folders[0] / 'scene_00000.png', '--out', tmp_path / 'b.png',
    )  # fmt: skip
    assert code == 0, err
    two = Image.open(tmp_path / 'b.png')
    # Panels of 256 pixels, one beside another; pictures below each other.
    assert three.width > 3 * 256 > two.width > 2 * 256
    assert three.height > 2 * 256 > two.height - 100


def test_truth_is_what_the_file_holds(trained, scenes):
    folder = scenes / 'annotations' / 'validation'
    init_default_scope('mmseg')
    masks = TruthMasks(load_config(str(trained[0])), folder)
    found = masks(scenes / 'images' / 'validation' / 'scene_00000.png')
    # ADE20K's encoding: 0 is no class, and becomes 255.
    expected = np.asarray(Image.open(folder / 'scene_00000.png')).astype(int) - 1
    assert (found == np.where(expected < 0, 255, expected)).all()
    assert len(np.unique(found)) > 1


def test_curves_of_a_work_dir(run_tool, trained, tmp_path):
    _, _, work = trained
    arguments = ('visualize', 'curves', work, '--out')
    code, _, err = run_tool(*arguments, tmp_path / 'a.svg', '--names', 'tiny', '--metric', 'aAcc')
    assert code == 0, err
    text = (tmp_path / 'a.svg').read_text()
    assert 'validation: aAcc' in text and 'tiny' in text
    line = error_line(*run_tool(*arguments, tmp_path / 'b.svg', '--metric', 'top1')[::2])
    assert '--metric top1: no run has it; there are aAcc, mIoU, mAcc, mIoU@10' in line


@pytest.mark.parametrize(
    ('words', 'parts'),
    [
        (['kernels', 'CONFIG', 'CHECKPOINT', '--out', 'a.pdf'], ['a.pdf', '.png or .svg']),
        (['kernels', 'none.py', 'CHECKPOINT', '--out', 'a.png'], ['none.py', 'no such config']),
        (['kernels', 'CONFIG', 'none.pth', '--out', 'a.png'], ['none.pth', 'no such checkpoint']),
        (
            ['erf', '--model', 'CONFIG', '--images', 'nowhere', '--out', 'a.png'],
            ['nowhere', 'no such image or folder'],
        ),
        (
            ['erf', '--model', 'CONFIG', 'a', 'b', '--images', 'nowhere', '--out', 'a.png'],
            ['2 checkpoints', 'repeat --model'],
        ),
        (
            ['erf', '--model', 'CONFIG', '--images', 'IMAGE', '--json', 'CONFIG', '--out', 'a.png'],
            ['--json', 'exists and holds no figures of this tool'],
        ),
        (
            ['predictions', 'CONFIG', 'CHECKPOINT', 'IMAGE', '--truth', 'no', '--out', 'a.png'],
            ['no: there is no such folder of masks'],
        ),
        (['curves', 'nowhere', '--out', 'a.png'], ['nowhere', 'no such work dir']),
        (
            ['curves', 'WORK', '--names', 'a', 'b', '--out', 'a.png'],
            ['--names', '2 names for 1 runs'],
        ),
    ],
    ids=lambda value: ' '.join(value) if len(value) > 3 else '',
)
def test_errors_are_one_line(run_tool, trained, scenes, tmp_path, monkeypatch, words, parts):
    monkeypatch.chdir(tmp_path)
    image = scenes / 'images' / 'validation' / 'scene_00000.png'
    known = dict(zip(('CONFIG', 'CHECKPOINT', 'WORK'), trained, strict=True), IMAGE=image)
    code, _, err = run_tool('visualize', *[known.get(word, word) for word in words])
    line = error_line(code, err)
    assert all(part in line for part in parts), line
    assert not list(tmp_path.glob('a.*'))
