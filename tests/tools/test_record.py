"""tools/train.py --record from end to end: classification by epochs, segmentation by iterations."""

import json

import numpy as np
import pytest
from PIL import Image

CLASSIFIER = """
custom_imports = dict(imports=['lkca_mm'], allow_failed_imports=False)
default_scope = 'mmpretrain'
model = dict(
    type='ImageClassifier',
    data_preprocessor=dict(mean=[127.5] * 3, std=[127.5] * 3, to_rgb=True),
    backbone=dict(type='LKCAViT', arch=dict(embed_dims=8, num_layers=1, num_heads=1, mlp_ratio=1),
                  img_size=8, patch_size=4),
    neck=dict(type='GlobalAveragePooling'),
    head=dict(type='LinearClsHead', num_classes=2, in_channels=8,
              loss=dict(type='CrossEntropyLoss')),
)
loader = dict(
    batch_size=4, num_workers=0, persistent_workers=False,
    dataset=dict(type='CustomDataset', data_root={root!r},
                 pipeline=[dict(type='LoadImageFromFile'), dict(type='PackInputs')]))
train_dataloader = dict(sampler=dict(type='DefaultSampler', shuffle=True), **loader)
val_dataloader = dict(sampler=dict(type='DefaultSampler', shuffle=False), **loader)
val_evaluator = dict(type='Accuracy', topk=(1, 2))
optim_wrapper = dict(optimizer=dict(type='AdamW', lr=2e-3, weight_decay=0.03))
train_cfg = dict(by_epoch=True, max_epochs=4, val_interval=1)
val_cfg = dict()
default_hooks = dict(checkpoint=dict(type='CheckpointHook', interval=1, save_best='auto'),
                     logger=dict(type='LoggerHook', interval=1))
custom_hooks = [dict(type='HostMemoryHook'), dict(type='InterruptHook')]
work_dir = {work!r}
"""


@pytest.fixture
def classifier(tmp_path):
    """A classification config in a folder as configs/ has them; its data are 16 pictures."""
    generator = np.random.default_rng(0)
    for name, low in (('dark', 0), ('bright', 156)):
        folder = tmp_path / 'data' / name
        folder.mkdir(parents=True)
        for index in range(8):
            pixels = generator.integers(low, low + 100, (8, 8, 3), np.uint8)
            Image.fromarray(pixels).save(folder / f'{index}.png')
    config = tmp_path / 'configs' / 'cifar10' / 'lkca-t_100e.py'
    config.parent.mkdir(parents=True)
    config.write_text(CLASSIFIER.format(root=str(tmp_path / 'data'), work=str(tmp_path / 'work')))
    return config


@pytest.fixture
def train(run_tool, tmp_path):
    """Returns a function that trains and returns exit code, record, stdout and stderr."""

    def call(config, *argv, record=tmp_path / 'records' / 'run.json'):
        code, out, err = run_tool('train', config, '--record', record, '--seed', 7, *argv)
        return code, json.loads(record.read_text()) if record.exists() else None, out, err

    return call


def test_a_record_says_what_was_run_and_measured(train, classifier, tmp_path):
    options = ('--cfg-options', 'train_cfg.max_epochs=2', 'optim_wrapper.optimizer.lr=0.004')
    code, record, _, err = train(classifier, *options)
    assert code == 0, err
    assert (record['dataset'], record['model']) == ('cifar10', 'lkca-t')
    assert record['config'] == str(classifier)
    assert record['seed'] == 7
    assert record['finished'] is True
    assert record['settings'] == {'train_cfg.max_epochs': 2, 'optim_wrapper.optimizer.lr': 0.004}
    assert record['schedule'] == {
        'max_epochs': 2,
        'passes_per_epoch': 1,
        'batch_size': 4,
        'iterations_per_epoch': 4,
        'total_iterations': 8,
        'optimizer': 'AdamW',
        'base_lr': 0.004,
        'weight_decay': 0.03,
        'optim_wrapper': 'OptimWrapper',
    }
    assert record['params'] == parameters_of(tmp_path / 'work' / 'epoch_2.pth')
    for name in ('lkca_mm', 'commit', 'torch', 'mmengine', 'mmpretrain', 'torchvision'):
        assert name in record['environment']
    assert [(entry['epoch'], entry['iteration']) for entry in record['curve']] == [(1, 4), (2, 8)]
    for entry in record['curve']:
        assert entry['train_loss'] > 0
        assert entry['accuracy/top2'] == 100
    assert record['final'] == {
        key: record['curve'][-1][key] for key in ('accuracy/top1', 'accuracy/top2')
    }
    best = max(entry['accuracy/top1'] for entry in record['curve'])
    assert record['best']['accuracy/top1']['value'] == best
    assert record['seconds']['training'] > 0 and record['seconds']['validation'] > 0


def assert_same(curve, other):
    assert len(curve) == len(other)
    for entry, expected in zip(curve, other, strict=True):
        assert entry == pytest.approx(expected, rel=1e-4)


def parameters_of(checkpoint):
    import torch

    state = torch.load(checkpoint, map_location='cpu', weights_only=False)
    # The optimiser has moments of what training changes, and of nothing else.
    moments = state['optimizer']['state'].values()
    return sum(moment['exp_avg'].numel() for moment in moments)


def test_the_mean_loss_is_that_of_the_log(train, classifier, tmp_path):
    code, record, _, err = train(classifier)
    assert code == 0, err
    scalars = next((tmp_path / 'work').glob('*/vis_data/scalars.json')).read_text().splitlines()
    losses = [entry['loss'] for entry in map(json.loads, scalars) if 'loss' in entry]
    assert len(losses) == 16
    # The log smooths over ten iterations; the first entry of each window is what it was.
    assert record['curve'][0]['train_loss'] == pytest.approx(losses[3], rel=1e-4)


def test_a_resumed_record_is_whole(train, classifier, tmp_path):
    """An epoch's checkpoint precedes its validation: the resumed run makes up for it."""
    other = tmp_path / 'straight'
    straight = train(classifier, '--work-dir', other, record=other / 'run.json')[1]
    code, first, _, err = train(classifier, '--cfg-options', 'train_cfg.max_epochs=2')
    assert code == 0, err
    code, record, _, err = train(classifier, '--resume')
    assert code == 0, err
    assert record['finished'] is True
    assert [entry['epoch'] for entry in record['curve']] == [1, 2, 3, 4]
    assert [entry['iteration'] for entry in record['curve']] == [4, 8, 12, 16]
    assert_same(record['curve'][:2], first['curve'])
    assert_same(record['curve'], straight['curve'])
    assert [session['from_iteration'] for session in record['sessions']] == [0, 8]
    assert record['settings'] == {'train_cfg.max_epochs': 2}  # of the first session
    assert record['seconds']['training'] > first['seconds']['training']


def test_resuming_a_run_that_has_ended_changes_nothing(train, classifier):
    first = train(classifier, '--cfg-options', 'train_cfg.max_epochs=2')[1]
    code, record, _, err = train(classifier, '--resume', '--cfg-options', 'train_cfg.max_epochs=2')
    assert code == 0, err
    assert record['finished'] is True
    assert_same(record['curve'], first['curve'])


def test_segmentation_counts_in_iterations(train, write_config, tmp_path):
    config = write_config()
    code, first, _, err = train(config)
    assert code == 0, err
    assert first['schedule']['max_epochs'] is None
    assert first['schedule']['total_iterations'] == 4
    longer = write_config('train_cfg = dict(max_iters=8, val_interval=2)')
    code, record, _, err = train(longer, '--resume')
    assert code == 0, err
    assert [entry['iteration'] for entry in record['curve']] == [2, 4, 6, 8]
    assert 'epoch' not in record['curve'][0]
    assert_same(record['curve'][:2], first['curve'])
    assert set(record['final']) == {'aAcc', 'mIoU', 'mAcc', 'mIoU@10'}
    assert set(record['best']['aAcc']) == {'value', 'iteration'}
    assert record['finished'] is True


def test_an_interrupted_run_is_not_finished(train, classifier, monkeypatch):
    from lkca_mm.engine import InterruptHook

    original = InterruptHook.after_train_iter

    def interrupt(self, runner, *args, **kwargs):
        if runner.iter + 1 == 6:
            self._requested_at = 0.0
        original(self, runner, *args, **kwargs)

    monkeypatch.setattr(InterruptHook, 'after_train_iter', interrupt)
    code, record, _, err = train(classifier)
    assert code == 130
    assert '--record' in err and 'run.json' in err
    assert record['finished'] is False
    assert [entry['epoch'] for entry in record['curve']] == [1]
    monkeypatch.undo()
    code, record, _, err = train(classifier, '--resume')
    assert code == 0, err
    assert record['finished'] is True
    assert [entry['epoch'] for entry in record['curve']] == [1, 2, 3, 4]
    # The interrupted epoch went on in its middle.
    assert [entry['iteration'] for entry in record['curve']] == [4, 8, 12, 16]


def test_a_finished_record_is_not_replaced(train, classifier, tmp_path):
    options = ('--cfg-options', 'train_cfg.max_epochs=1')
    before = train(classifier, *options)[1]
    (tmp_path / 'work').rename(tmp_path / 'moved')
    for arguments in (options, (*options, '--resume')):  # nothing to resume from there either
        code, record, _, err = train(classifier, *arguments)
        assert code == 1
        assert err.count('error: ') == 1
        assert 'run.json' in err and 'finished' in err and 'Traceback' not in err
        assert record == before
    assert not (tmp_path / 'work').exists()


def test_a_finished_record_of_another_config_is_not_replaced(train, classifier):
    options = ('--cfg-options', 'train_cfg.max_epochs=1')
    before = train(classifier, *options)[1]
    other = classifier.with_name('lkca-b_100e.py')
    other.write_text(classifier.read_text())
    code, record, _, err = train(other, '--resume')
    assert code == 1
    assert 'run.json' in err and 'finished' in err
    assert record == before


def test_the_hook_works_from_a_config(run_tool, classifier, tmp_path):
    record = tmp_path / 'from_config.json'
    hook = {'type': 'ResultRecordHook', 'path': str(record), 'config': str(classifier)}
    classifier.write_text(
        classifier.read_text() + f'custom_hooks.append({hook})\ntrain_cfg["max_epochs"] = 1\n'
    )
    code, _, err = run_tool('train', classifier)
    assert code == 0, err
    assert json.loads(record.read_text())['finished'] is True


@pytest.mark.parametrize('content', ['{"results": []}', 'no json'])
def test_another_file_is_not_replaced(run_tool, classifier, tmp_path, content):
    other = tmp_path / 'op_cpu.json'
    other.write_text(content)
    code, _, err = run_tool('train', classifier, '--record', other)
    assert code == 1
    assert 'op_cpu.json' in err and 'Traceback' not in err
    assert other.read_text() == content


def test_a_record_that_cannot_be_written_ends_the_run_at_once(run_tool, classifier, tmp_path):
    (tmp_path / 'file').write_text('')
    code, out, err = run_tool('train', classifier, '--record', tmp_path / 'file' / 'run.json')
    assert code == 1
    assert 'Epoch(train)' not in out
    assert 'Traceback' not in err
