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

from lkca_mm.engine import TrainingRunner


@pytest.fixture(scope='module')
def first_run(tmp_path_factory):
    """A work dir and what its run printed; the first test that asks for it trains it."""
    return tmp_path_factory.mktemp('first') / 'work', []


@pytest.fixture
def trained(run_tool, write_config, tmp_path, first_run):
    """A config, its checkpoint after 4 iterations, and what the run printed."""
    config, (work, printed) = write_config(), first_run
    if not printed:
        options = ('--amp', '--seed', 5, '--record', work / 'record.json')
        code, out, err = run_tool('train', config, '--work-dir', work, *options)
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
    assert (state(checkpoint)['meta']['iter'], state(checkpoint)['meta']['seed']) == (4, 5)
    record = json.loads(checkpoint.with_name('record.json').read_text())
    assert (record['seed'], record['finished']) == (5, True)
    assert record['schedule']['optim_wrapper'] == 'BFloat16OptimWrapper'


@pytest.mark.parametrize(('count', 'mode'), [(1, None), (4, 'default')])
def test_kept_gradients_are_in_no_cuda_graph(run_tool, write_config, monkeypatch, count, mode):
    seen = []
    monkeypatch.setattr(TrainingRunner, 'from_cfg', seen.append)
    options = ('--cfg-options', f'optim_wrapper.accumulative_counts={count}')
    run_tool('train', write_config(), '--compile', *options)
    assert seen[0].custom_hooks[-1] == dict(type='CompileHook', mode=mode)


def test_resume_in_an_empty_work_dir_starts_anew_with_the_options_given(run_tool, write_config):
    options = ('--cfg-options', 'train_cfg.max_iters=3')
    code, out, _ = run_tool('train', write_config(), '--resume', *options)
    assert code == 0
    assert 'training starts from the beginning' in out
    assert re.findall(r'Iter\(train\) \[\s*(\d+/\d+)\]', out) == ['1/3', '2/3', '3/3']


def test_scores_agree_with_the_masks_on_disk(run_tool, trained, tmp_path, scenes):
    config, checkpoint, training = trained
    out_dir, show_dir = tmp_path / 'out', tmp_path / 'show'
    of_training = (tmp_path / 'work' / 'tiny.py').read_text()
    code, _, err = run_tool('test', config, checkpoint, '--out', out_dir, '--show-dir', show_dir)
    assert code == 0, err
    assert (tmp_path / 'work' / 'tiny.py').read_text() == of_training
    report = json.loads((out_dir / 'scores.json').read_text())
    scores, class_iou = report['scores'], report['class_iou'].values()
    assert set(scores) == {'aAcc', 'mIoU', 'mAcc', 'mIoU@10'}
    present = [iou for iou in class_iou if iou is not None]
    assert len(class_iou) == 150 and scores['mIoU'] == pytest.approx(np.mean(present), abs=0.01)
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


def test_test_time_augmentation_needs_its_settings(run_tool, write_config, trained, tmp_path):
    config, checkpoint, _ = trained
    code, _, err = run_tool('test', config, checkpoint, '--tta', '--out', tmp_path / 'tta')
    assert code == 0, err
    assert len(list((tmp_path / 'tta' / 'masks').glob('*.png'))) == 2
    one_channel = "model['decode_head']['out_channels'] = 1"
    for text, words in (('tta_model = None', 'tta_model'), (one_channel, 'out_channels=2')):
        code, _, err = run_tool('test', write_config(text, 'other.py'), checkpoint, '--tta')
        error_line(code, err, words)


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
    drawn = [np.array(Image.open(path).convert('RGB')) for path in show_dir.rglob('*.png')]
    assert [image.shape for image in drawn] == [(256, 256, 3)] * 10
    (test_batch,) = tmp_path.rglob('test_batch')
    corners = pickle.loads(test_batch.read_bytes())['data'].reshape(-1, 3, 32, 32)[..., 31, 31]
    assert {tuple(image[-2, -2]) for image in drawn} == set(map(tuple, corners))


# --- bad input: one line, exit code not 0, nothing half-written ----------------------


@pytest.mark.parametrize(
    ('folder', 'left', 'words'),
    [
        ('annotations', None, ['scene_00000', 'mask']),
        ('images', 200, ['images/training/scene_00000.png']),
    ],
)
def test_damaged_data(run_tool, write_config, tmp_path, scenes, folder, left, words):
    data = shutil.copytree(scenes, tmp_path / 'scenes')
    file = data / folder / 'training' / 'scene_00000.png'
    file.write_bytes(file.read_bytes()[:left]) if left else file.unlink()
    code, _, err = run_tool('train', write_config(data_root=data))
    error_line(code, err, *words)
    assert left or not (tmp_path / 'work').exists()  # a name that is missing is seen before
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
    larger = ('--cfg-options', 'model.backbone.img_size=48')
    code, _, err = run_tool('train', config, '--resume', checkpoint, *larger)
    error_line(code, err, str(checkpoint), 'backbone.pos_embed has another size', 'load_from=')
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
@pytest.mark.parametrize('way', ['resume', 'load_from', 'pretrained', 'test', 'untrained'])
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
        'untrained': ('export', config, '--out', tmp_path / 'a.pt2', '--cfg-options', *pretrained),
    }[way]
    code, _, err = run_tool(*command)
    error_line(code, err, 'evil.pth', 'system', '--trust-checkpoint')
    assert not mark.exists()
    # With the override it does run: the checkpoint is one that can.
    assert run_tool(*command, '--trust-checkpoint')[0] == 0
    assert mark.exists()
