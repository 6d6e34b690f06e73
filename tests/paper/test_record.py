"""The record hook in small runs of mmengine's Runner, and the record's format."""

import contextlib
import json
import math

import numpy as np
import pytest
import torch
from miniatures import write_two_classes
from mmengine.hooks import Hook
from mmengine.runner import Runner
from torch.utils.data import BatchSampler

from lkca_mm.errors import ConfigError, DataError
from lkca_mm.record import names_of, plain, read_record, write_record

CLASSIFIER = dict(
    type='mmpretrain.ImageClassifier',
    backbone=dict(
        type='LKCAViT', img_size=8, patch_size=4,
        arch=dict(embed_dims=8, num_layers=1, num_heads=1, mlp_ratio=1),
    ),
    neck=dict(type='mmpretrain.GlobalAveragePooling'),
    head=dict(type='mmpretrain.LinearClsHead', num_classes=2, in_channels=8),
)  # fmt: skip


@pytest.fixture(scope='module')
def images(tmp_path_factory):
    """16 images of 8 x 8 in two classes."""
    root = tmp_path_factory.mktemp('data')
    write_two_classes(root, 8)
    return str(root)


@pytest.fixture
def train(images, tmp_path):
    """Returns a function that trains, and returns the record."""

    def call(
        epochs=4,
        resume=False,
        name='run',
        by_epoch=True,
        stop_at=None,
        val=True,
        loader=(),
        **settings,
    ):
        steps = [dict(type='mmpretrain.LoadImageFromFile'), dict(type='mmpretrain.PackInputs')]
        data = dict(type='mmpretrain.CustomDataset', data_root=images, pipeline=steps)
        loader = dict(loader, batch_size=4, dataset=data)
        length = dict(by_epoch=True, max_epochs=epochs)
        if not by_epoch:
            length = dict(by_epoch=False, max_iters=4 * epochs, val_interval=4)
        save = dict(type='CheckpointHook', interval=1 if by_epoch else 4, by_epoch=by_epoch)
        path, config = str(tmp_path / f'{name}.json'), 'configs/cifar10/lkca-t_100e.py'
        hook = dict(type='ResultRecordHook', path=path, config=config, settings=settings)
        validation = dict(
            val_dataloader=loader | dict(sampler=dict(type='DefaultSampler', shuffle=False)),
            val_evaluator=dict(type='mmpretrain.Accuracy', topk=(1, 2)),
            val_cfg=dict(),
        )
        runner = Runner(
            CLASSIFIER,
            work_dir=str(tmp_path / name),
            train_dataloader=loader | dict(sampler=dict(type='DefaultSampler', shuffle=True)),
            **(validation if val else {}),
            optim_wrapper=dict(optimizer=dict(type='AdamW', lr=2e-3, weight_decay=0.03)),
            train_cfg=length,
            default_hooks=dict(checkpoint=save, logger=dict(type='LoggerHook', interval=1)),
            custom_hooks=[hook],
            randomness=dict(seed=7),
            resume=resume,
            default_scope='mmpretrain',
            experiment_name=f'{name}{epochs}{resume}',
        )
        if stop_at is not None:
            runner.register_hook(StopAt(stop_at))
        with contextlib.suppress(InterruptedError):
            runner.train()
        return read_record(tmp_path / f'{name}.json')

    return call


class StopAt(Hook):
    def __init__(self, iteration):
        self.iteration = iteration

    def after_train_iter(self, runner, *args, **kwargs):
        if runner.iter + 1 == self.iteration:
            raise InterruptedError


def test_a_record_says_what_was_run_and_measured(train, tmp_path):
    record = train(2, **{'optim_wrapper.optimizer.lr': 0.002})
    assert (record['dataset'], record['model'], record['seed']) == ('cifar10', 'lkca-t', 7)
    assert record['finished'] is True
    assert record['settings'] == {'optim_wrapper.optimizer.lr': 0.002}
    assert record['schedule'] == {
        'max_epochs': 2, 'passes_per_epoch': 1, 'batch_size': 4, 'iterations_per_epoch': 4,
        'total_iterations': 8, 'optimizer': 'AdamW', 'base_lr': 0.002, 'weight_decay': 0.03,
        'optim_wrapper': 'OptimWrapper',
    }  # fmt: skip
    state = torch.load(tmp_path / 'run' / 'epoch_2.pth', weights_only=False)['state_dict']
    assert record['params'] == sum(weight.numel() for weight in state.values())
    assert [(entry['epoch'], entry['iteration']) for entry in record['curve']] == [(1, 4), (2, 8)]
    assert all(entry['accuracy/top2'] == 100 for entry in record['curve'])
    log = next((tmp_path / 'run').glob('*/vis_data/scalars.json')).read_text().splitlines()
    losses = [entry['loss'] for entry in map(json.loads, log) if 'loss' in entry]
    # mmengine logs the mean of the last ten, so the fourth is that of the first epoch.
    assert len(losses) == 8
    second = 2 * losses[7] - losses[3]
    means = [entry['train_loss'] for entry in record['curve']]
    assert means == pytest.approx([losses[3], second], abs=2e-4)
    names = ('accuracy/top1', 'accuracy/top2')
    assert record['final'] == {name: record['curve'][-1][name] for name in names}
    assert {'lkca_mm', 'commit', 'torch', 'mmengine', 'threads'} <= set(record['environment'])


def test_a_run_without_validation_has_its_losses(train):
    in_batches = dict(batch_sampler=dict(type=BatchSampler, drop_last=False))  # as mmdet's
    record = train(2, val=False, loader=in_batches)
    assert record['schedule']['batch_size'] == 4
    assert [(entry['epoch'], entry['iteration']) for entry in record['curve']] == [(1, 4), (2, 8)]
    assert all(entry.keys() == {'epoch', 'iteration', 'train_loss'} for entry in record['curve'])


def test_a_resumed_record_is_whole(train, tmp_path):
    """An epoch's checkpoint precedes its validation: the resumed run makes up for it."""
    straight = train(4, name='straight')
    first = train(2)
    record = train(4, resume=True)
    assert record['finished'] is True
    assert [entry['iteration'] for entry in record['curve']] == [4, 8, 12, 16]
    for entry, expected in zip(record['curve'][:2], straight['curve'][:2], strict=True):
        assert entry == pytest.approx(expected, abs=2e-4)
    assert record['curve'][:2] == first['curve']
    assert [session['from_iteration'] for session in record['sessions']] == [0, 8]
    again = train(4, resume=True)
    assert again['curve'] == record['curve'] and again['finished'] is True
    (tmp_path / 'run.json').write_text('{"config": "a/other.py", "finished": true}')
    with pytest.raises(ConfigError, match='holds a finished run'):
        train(4, resume=True)


def test_a_run_that_is_cut_is_not_finished(train):
    record = train(4, stop_at=6)
    assert record['finished'] is False
    assert [entry['epoch'] for entry in record['curve']] == [1]
    record = train(4, resume=True)
    assert record['finished'] is True
    assert [entry['epoch'] for entry in record['curve']] == [1, 2, 3, 4]


def test_iterations_are_counted_where_there_are_no_epochs(train):
    record = train(2, by_epoch=False)
    assert record['schedule']['max_epochs'] is None
    assert [entry['iteration'] for entry in record['curve']] == [4, 8]
    assert 'epoch' not in record['curve'][0] and record['finished'] is True


@pytest.mark.parametrize(
    'content', ['{"curve": [], "finished": true}', '{"results": []}', 'no json']
)
def test_a_finished_record_is_not_replaced(train, tmp_path, content):
    path = tmp_path / 'run.json'
    path.write_text(content)
    with pytest.raises((ConfigError, DataError), match=r'run\.json'):
        train(2)
    assert path.read_text() == content


@pytest.mark.parametrize(
    ('path', 'dataset', 'model'),
    [
        ('configs/cifar10/lkca-t_100e.py', 'cifar10', 'lkca-t'),
        ('configs/cifar10/lkca-500k-light-published-start_15e.py', 'cifar10',
         'lkca-500k-light-published-start'),
        ('configs/upernet_lkca-s_ade20k_20k.py', 'ade20k', 'upernet_lkca-s'),
        ('/somewhere/configs/svhn/lkca-b_5e.py', 'svhn', 'lkca-b'),
        ('mine/net.py', 'mine', 'net'),
    ],
)  # fmt: skip
def test_names(path, dataset, model):
    assert names_of(path) == (dataset, model)


def test_plain_is_what_json_can_hold():
    value = {1: (np.float32(0.5), torch.tensor(2)), 'a': math.nan, 'b': math.inf, 'c': torch.Size}
    value['d'] = torch.eye(2)  # a confusion matrix
    rows = [[1.0, 0.0], [0.0, 1.0]]
    assert plain(value) == {'1': [0.5, 2], 'a': None, 'b': None, 'c': str(torch.Size), 'd': rows}


def test_a_record_has_a_line_for_each_key_and_entry(tmp_path):
    record = {'a': {'b': [1, 2]}, 'curve': [{'x': 1}, {'x': 2}], 'empty': [], 'c': None}
    write_record(tmp_path / 'new' / 'run.json', record)
    text = (tmp_path / 'new' / 'run.json').read_text()
    assert text == (
        '{\n  "a": {"b": [1, 2]},\n  "curve": [\n    {"x": 1},\n    {"x": 2}\n  ],\n'
        '  "empty": [],\n  "c": null\n}\n'
    )
    assert read_record(tmp_path / 'new' / 'run.json') == json.loads(text) == record
