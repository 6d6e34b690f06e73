"""Records of runs: which are read, which belong together."""

import json

import pytest
from made_up_records import FIVE, make_record

from lkca_mm.errors import DataError
from lkca_mm.report.runs import finished_classification, group_seeds, load_runs


def test_only_training_runs_are_read(results):
    folder = results(make_record(seed=3), {'results': []}, [1, 2], {'scores': {'aAcc': 1}})
    (folder / 'deeper').mkdir()
    (folder / 'deeper' / 'run.json').write_text(json.dumps(make_record(seed=4)))
    (folder / 'log.txt').write_text('no record')
    assert [run.seed for run in load_runs(folder)] == [4, 3]


@pytest.mark.parametrize(
    ('text', 'words'),
    [
        ('{"curve": [', ['run.json', 'JSON']),
        ('\udc80', ['run.json', 'JSON']),
        ('{"curve": []}', ['run.json', 'lacks the key']),
        (json.dumps({k: v for k, v in make_record().items() if k != 'best'}), ['run.json', 'best']),
        (json.dumps(make_record(schedule=3)), ['run.json', 'schedule']),
        (json.dumps(make_record(environment=3)), ['run.json']),
        (json.dumps(make_record(seed='x')), ['run.json', 'seed', "'x'"]),
        (json.dumps(make_record() | {'best': {}}), ['run.json', 'best']),
        (json.dumps(make_record(top1='high')), ['run.json', 'final', 'high']),
    ],
    ids=range(9),
)
def test_a_wrong_file_is_named(tmp_path, text, words):
    path = tmp_path / 'run.json'
    path.write_bytes(text.encode('utf-8', 'surrogateescape'))
    with pytest.raises(DataError) as error:
        load_runs(tmp_path)
    assert '\n' not in str(error.value)
    assert all(word in str(error.value) for word in words)


def test_unfinished_runs_and_segmentation_are_left_out(results):
    segmentation = make_record(final={'aAcc': 50.0}) | {'best': {'aAcc': {'value': 50.0}}}
    folder = results(make_record(seed=1), make_record(seed=2, finished=False), segmentation)
    assert [run.seed for run in finished_classification(load_runs(folder))] == [1]


def test_seeds_of_one_experiment_belong_together(results):
    faster = {'train_dataloader.num_workers': 4, 'default_hooks.logger.interval': 9}
    spread = {'train_dataloader.batch_size': 64}  # of one process: the schedule has both together
    folder = results(
        make_record(seed=2),
        make_record(seed=1, settings=faster),
        make_record(seed=0, settings=spread),
        make_record(seed=0, settings={'optim_wrapper.optimizer.lr': 0.002}),
        make_record(seed=0, settings={'val_dataloader.dataset.split': 'train'}),
        make_record(seed=0, schedule=FIVE),
        make_record(seed=0, schedule=FIVE | {'base_lr': 0.002}),
        make_record(seed=0, model='vit-lite'),
        make_record(seed=0, dataset='cifar100'),
    )
    groups = group_seeds(load_runs(folder))
    assert sorted([run.seed for run in group] for group in groups) == [[0]] * 6 + [[0, 1, 2]]


@pytest.mark.parametrize(
    ('changes', 'label'),
    [
        ({}, '100e x3'),
        ({'schedule': FIVE}, '5e x1'),
        ({'schedule': {'max_epochs': None, 'total_iterations': 300}}, '300 iterations'),
        ({'schedule': FIVE | {'batch_size': 256}}, '5e x1, batch 256'),
        ({'schedule': FIVE, 'settings': {'train_cfg.max_epochs': 5, 'b.c': 1, 'a': 2}},
         '5e x1, a=2, b.c=1'),
    ],
)  # fmt: skip
def test_labels(results, changes, label):
    (run,) = load_runs(results(make_record(**changes)))
    assert run.label == label


@pytest.mark.parametrize(
    ('changes', 'dirty'),
    [
        ({}, False),
        ({'environment': {'commit': None}}, False),
        ({'environment': {'commit': '0123456789ab+'}}, True),
        ({'sessions': [{'commit': '0123456789ab+'}, {'commit': '0123456789ab'}]}, True),
    ],
)
def test_changes_that_no_commit_holds(results, changes, dirty):
    (run,) = load_runs(results(make_record(**changes)))
    assert run.dirty is dirty
