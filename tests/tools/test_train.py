"""tools/train.py and tools/test.py from end to end, on small images."""

import json
import os
import pickle
import re
import shlex
import shutil

import numpy as np
import pytest
import torch
from checks import error_line, state
from PIL import Image


@pytest.fixture(scope='module')
def first_run(tmp_path_factory):
    """A work dir and what its run printed; the first test that asks for it trains it."""
    return tmp_path_factory.mktemp('first') / 'work', []


@pytest.fixture
def trained(run_tool, write_config, tmp_path, first_run):
    """A config, its checkpoint after 4 iterations, and what the run printed."""
    config, (work, printed) = write_config(), first_run
    if not printed:
        code, out, err = run_tool('train', config, '--work-dir', work)
        assert code == 0, err
        printed.append(out)
    shutil.copytree(work, tmp_path / 'work')
    return config, tmp_path / 'work' / 'iter_4.pth', printed[0]


def test_train_reports_and_saves(trained, tmp_path):
    _, checkpoint, out = trained
    line = next(line for line in out.splitlines() if 'Iter(train)' in line)
    for word in ('eta:', 'loss:', 'time:', 'lr:'):
        assert word in line
    assert re.search(r'aAcc: \S+  mIoU: \S+  mAcc: \S+  mIoU@10: \S+', out)
    assert sorted(p.name for p in (tmp_path / 'work').glob('*.pth')) == ['iter_2.pth', 'iter_4.pth']
    assert state(checkpoint)['meta']['iter'] == 4


@pytest.mark.usefixtures('trained')
def test_resume_goes_on_where_it_stopped(run_tool, write_config, tmp_path):
    longer = write_config('train_cfg = dict(max_iters=6, val_interval=3)', 'longer.py')
    code, out, _ = run_tool('train', longer, '--resume')
    assert code == 0
    assert re.findall(r'Iter\(train\) \[\s*(\d+)/6\]', out) == ['5', '6']
    saved = state(tmp_path / 'work' / 'iter_6.pth')
    assert {state['step'].item() for state in saved['optimizer']['state'].values()} == {6.0}
    code, out, _ = run_tool(
        'train', longer, '--resume', tmp_path / 'work' / 'iter_4.pth',
        '--work-dir', tmp_path / 'other',
    )  # fmt: skip
    assert code == 0
    assert 'resumed epoch: 0, iter: 4' in out


def test_resume_in_an_empty_work_dir_starts_anew_with_the_options_given(run_tool, write_config):
    options = ('--cfg-options', 'train_cfg.max_iters=3')
    code, out, _ = run_tool('train', write_config(), '--resume', *options)
    assert code == 0
    assert 'training starts from the beginning' in out
    assert re.findall(r'Iter\(train\) \[\s*(\d+/\d+)\]', out) == ['1/3', '2/3', '3/3']


def test_scores_agree_with_the_masks_on_disk(run_tool, trained, tmp_path, scenes):
    config, checkpoint, training = trained
    out_dir, show_dir = tmp_path / 'out', tmp_path / 'show'
    code, _, err = run_tool('test', config, checkpoint, '--out', out_dir, '--show-dir', show_dir)
    assert code == 0, err
    scores = json.loads((out_dir / 'scores.json').read_text())['scores']
    assert set(scores) == {'aAcc', 'mIoU', 'mAcc', 'mIoU@10'}
    last = re.findall(r'aAcc: (\S+)  mIoU: (\S+)', training)[-1]
    assert scores['aAcc'] == pytest.approx(float(last[0]), abs=0.01)
    # aAcc once more, from the masks on disk, both in ADE20K's encoding.
    right = total = 0
    for path in sorted((out_dir / 'masks').glob('*.png')):
        truth = np.array(Image.open(scenes / 'annotations' / 'validation' / path.name))
        found = np.array(Image.open(path))
        right += ((truth == found) & (truth > 0)).sum()
        total += (truth > 0).sum()
    assert scores['aAcc'] == pytest.approx(100 * right / total, abs=0.01)
    drawn = sorted(show_dir.glob('*.png'))
    assert len(drawn) == 2
    assert Image.open(drawn[0]).width > 3 * 32


def test_test_time_augmentation_averages_flips(run_tool, trained, tmp_path, scenes):
    """The augmented mask is the argmax of the mean score of an image and of its mirror image."""
    from lkca_mm.config import build_network, load_config
    from lkca_mm.engine.checkpoint import load_weights

    config, checkpoint, _ = trained
    code, _, err = run_tool('test', config, checkpoint, '--tta', '--out', tmp_path / 'tta')
    assert code == 0, err
    network = build_network(load_config(config)).eval()
    load_weights(network, checkpoint)
    name = 'scene_00000.png'
    image = np.array(Image.open(scenes / 'images' / 'validation' / name).convert('RGB'))
    mean, std = [123.675, 116.28, 103.53], [58.395, 57.12, 57.375]
    x = ((torch.tensor(image).float() - torch.tensor(mean)) / torch.tensor(std)).permute(2, 0, 1)
    with torch.no_grad():
        scores = [
            torch.nn.functional.interpolate(
                network(view[None], mode='tensor'), size=(32, 32), mode='bilinear'
            ).softmax(1)
            for view in (x, x.flip(2))
        ]
    expected = (scores[0] + scores[1].flip(3)).argmax(1)[0].numpy()
    found = np.array(Image.open(tmp_path / 'tta' / 'masks' / name)).astype(int) - 1
    assert (found == expected).mean() > 0.999


def test_classification_through_the_same_tools(run_tool, write_classifier, tmp_path):
    config = write_classifier('val_cfg = dict(fp16=False)')
    code, out, err = run_tool('train', config)
    assert code == 0, err
    weights, out_dir, show_dir = (tmp_path / name for name in ('work/epoch_2.pth', 'out', 'show'))
    code, _, err = run_tool('test', config, weights, '--out', out_dir, '--show-dir', show_dir)
    assert code == 0, err
    scores = json.loads((out_dir / 'scores.json').read_text())['scores']
    # Once more from the predictions on disk.
    predicted = pickle.loads((out_dir / 'predictions.pkl').read_bytes())
    right = [int(one['pred_label']) == int(one['gt_label']) for one in predicted]
    assert len(right) == 10 and scores['accuracy/top1'] == 10 * sum(right)
    assert f'accuracy/top1: {scores["accuracy/top1"]:.4f}' in out
    assert len(list(show_dir.rglob('*.png'))) == 10


# --- bad input: one line, exit code not 0, nothing half-written ----------------------


def damage(scenes, folder, what):
    """Copies the data and damages them; returns the copy and the damaged file's name."""
    shutil.copytree(scenes, folder)
    image = folder / 'images' / 'training' / 'scene_00000.png'
    mask = folder / 'annotations' / 'training' / 'scene_00000.png'
    if what == 'no mask':
        mask.unlink()
    elif what == 'cut image':
        image.write_bytes(image.read_bytes()[:200])
    elif what == 'value 151':
        pixels = np.array(Image.open(mask))
        pixels[0, 0] = 151
        Image.fromarray(pixels).save(mask)
    return folder


@pytest.mark.parametrize(
    ('what', 'words', 'before_the_run'),
    [
        ('no mask', ['scene_00000', 'mask'], True),
        ('cut image', ['images/training/scene_00000.png'], False),
        ('value 151', ['annotations/training/scene_00000.png', '151'], False),
    ],
)
def test_damaged_data(run_tool, write_config, tmp_path, scenes, what, words, before_the_run):
    folder = damage(scenes, tmp_path / 'scenes', what)
    config = write_config(data_root=folder)
    code, _, err = run_tool('train', config)
    error_line(code, err, *words)
    if before_the_run:
        assert not (tmp_path / 'work').exists()
    assert not list(tmp_path.glob('work/*.pth'))


def test_wrong_checkpoints(run_tool, write_config, trained, tmp_path):
    config, checkpoint, _ = trained
    wider = "model['backbone']['arch']['mlp_ratio'] = 2"
    deeper = "model['backbone']['arch']['num_layers'] = 5"
    other = "model['backbone']['type'] = 'PlainViT'"
    for text, word in ((wider, 'fc1.weight'), (deeper, 'layers.4'), (other, 'cls_token')):
        path = write_config(text, 'other.py')
        for tool in (('test', path, checkpoint), ('train', path, '--resume', checkpoint)):
            code, _, err = run_tool(*tool)
            error_line(code, err, str(checkpoint), 'another model', word)

    bare = tmp_path / 'bare.pth'
    torch.save({'state_dict': state(checkpoint)['state_dict']}, bare)
    code, _, err = run_tool('train', config, '--resume', bare)
    error_line(code, err, 'bare.pth', 'weights alone')
    assert run_tool('test', config, bare)[0] == 0


# --- losses, loggers, checkpoints that carry code -------------------------------------


@pytest.mark.usefixtures('quick_text')
def test_a_non_finite_loss_ends_the_run(run_tool, write_config, tmp_path, monkeypatch):
    """It is read when the checkpoint of iteration 4 is to be written."""
    from mmseg.models import EncoderDecoder

    original, calls = EncoderDecoder.parse_losses, []

    def parse_losses(self, losses):
        loss, log = original(self, losses)
        calls.append(loss)
        loss = loss * float('nan') if len(calls) == 3 else loss
        return loss, {**log, 'loss': loss}

    monkeypatch.setattr(EncoderDecoder, 'parse_losses', parse_losses)
    code, _, err = run_tool('train', write_config("default_hooks['logger']['interval'] = 50"))
    work = tmp_path / 'work'
    error_line(code, err, 'not finite at iteration 3;', str(work / 'iter_2.pth'))
    assert [path.name for path in work.glob('*.pth')] == ['iter_2.pth']


@pytest.mark.usefixtures('quick_text')
def test_the_only_checkpoint_outlives_a_failed_save(run_tool, write_config, tmp_path, monkeypatch):
    import errno

    from lkca_mm import files

    sync = files.os.fsync

    def fail(handle):
        if (tmp_path / 'work' / 'iter_4.pth.part').exists():
            raise OSError(errno.ENOSPC, 'No space left on device')
        sync(handle)

    monkeypatch.setattr(files.os, 'fsync', fail)
    code, _, err = run_tool('train', write_config())
    error_line(code, err, 'iter_4.pth', 'No space left', '--resume')
    work = tmp_path / 'work'
    assert [path.name for path in work.glob('*.pt*')] == ['iter_2.pth']
    monkeypatch.undo()
    assert run_tool('train', write_config(), '--resume')[0] == 0
    assert sorted(path.name for path in work.glob('*.pth')) == ['iter_2.pth', 'iter_4.pth']


class Payload:
    """Runs a command when it is unpickled, as a checkpoint from a stranger may."""

    def __init__(self, mark):
        self.mark = mark

    def __reduce__(self):
        return os.system, (f'touch {shlex.quote(str(self.mark))}',)


@pytest.mark.skipif(
    not hasattr(torch.serialization, 'safe_globals'), reason='PyTorch before 2.5 reads by mmengine'
)
@pytest.mark.usefixtures('quick_text')
@pytest.mark.parametrize('way', ['resume', 'load_from', 'pretrained', 'test'])
def test_code_in_a_checkpoint_is_not_run(run_tool, trained, tmp_path, way):
    config, checkpoint, _ = trained
    mark, path = tmp_path / 'mark', tmp_path / 'evil.pth'
    torch.save(state(checkpoint) | {'author': Payload(mark)}, path)
    options = ('--work-dir', tmp_path / 'other', '--cfg-options', 'train_cfg.max_iters=5')
    pretrained = ('model.init_cfg.type=Pretrained', f'model.init_cfg.checkpoint={path}')
    command = {
        'resume': ('train', config, '--resume', path, *options),
        'load_from': ('train', config, *options, f'load_from={path}'),
        'pretrained': ('train', config, *options, *pretrained),
        'test': ('test', config, path),
    }[way]
    code, _, err = run_tool(*command)
    error_line(code, err, 'evil.pth', 'system', '--trust-checkpoint')
    assert not mark.exists()
    # With the override it does run: the checkpoint is one that can.
    assert run_tool(*command, '--trust-checkpoint')[0] == 0
    assert mark.exists()


def logged_values(work_dir):
    """Returns the values of mmengine's own file by name and step."""
    (path,) = work_dir.glob('*/vis_data/scalars.json')
    values = {}
    for line in path.read_text().splitlines():
        entry = json.loads(line)
        step = entry.pop('step')
        values |= {(name, step): value for name, value in entry.items()}
    return values


@pytest.mark.usefixtures('quick_text')
def test_tensorboard_has_every_value_of_the_log(run_tool, write_config, tmp_path):
    accumulators = pytest.importorskip('tensorboard.backend.event_processing.event_accumulator')
    code, _, err = run_tool('train', write_config(), '--log-to', 'tensorboard')
    assert code == 0, err
    expected = logged_values(tmp_path / 'work')
    assert {('loss', 1), ('loss', 4), ('lr', 3), ('mIoU', 4), ('mIoU@10', 2)} <= set(expected)
    (file,) = tmp_path.glob('work/*/vis_data/events.out.tfevents.*')
    events = accumulators.EventAccumulator(str(file.parent), size_guidance={'scalars': 0})
    events.Reload()
    found = {
        (name, event.step): event.value
        for name in events.Tags()['scalars']
        for event in events.Scalars(name)
    }
    assert found == pytest.approx(expected, rel=1e-6)  # event files hold 32 bits a value
