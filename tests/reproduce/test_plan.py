"""What a run is told, what its schedule changes, and what is known of it beforehand."""

import dataclasses
import json
import sys

import pytest
from made_up_runs import CONFIGS
from mmengine.config import Config

from lkca_mm.report.facts import names_of
from lkca_mm.reproduce.plan import plan_runs
from lkca_mm.reproduce.selection import experiments_of, select_tables
from lkca_mm.reproduce.workspace import Run, Workspace


def planned(tables, schedule, root, rows=(), seeds=1, **changes):
    workspace = Workspace(root, CONFIGS, schedule, **changes)
    experiments = experiments_of(select_tables(tables, rows), CONFIGS)
    return plan_runs(experiments, seeds, workspace)


def run_of(tables, row, schedule, root, **changes):
    workspace = Workspace(root, CONFIGS, schedule, **changes)
    return Run(experiments_of(select_tables(tables, [row]), CONFIGS)[0], 0, workspace)


def test_the_short_schedule_is_that_of_the_leaves_that_have_one(tmp_path):
    run = run_of([1], 'lkca-t', 'short', tmp_path)
    run.write_config()
    derived = Config.fromfile(run.config_path)
    assert derived.to_dict() == Config.fromfile(CONFIGS / 'cifar10' / 'lkca-t_5e.py').to_dict()
    assert names_of(run.config_path) == ('cifar10', 'lkca-t')


def test_short_segmentation_keeps_the_shape_of_the_schedule(tmp_path):
    run = run_of([7], 'upernet_lkca-s', 'short', tmp_path)
    run.write_config()
    leaf, derived = Config.fromfile(run.experiment.config), Config.fromfile(run.config_path)
    assert derived.train_cfg.max_iters == 2000
    assert [(s.begin, s.end) for s in leaf.param_scheduler] == [(0, 1500), (1500, 20000)]
    assert [(s.begin, s.end) for s in derived.param_scheduler] == [(0, 150), (150, 2000)]
    # A run that is cut before its end must have something to go on from.
    assert derived.default_hooks.checkpoint.interval <= 500
    assert derived.model == leaf.model and derived.optim_wrapper == leaf.optim_wrapper
    assert names_of(run.config_path) == names_of(run.experiment.config)


@pytest.mark.parametrize(('table', 'row'), [(3, 'lkca-b'), (6, 'lkca-b')])
def test_smoke_changes_length_and_data_and_not_the_model(table, row, tmp_path):
    run = run_of([table], row, 'smoke', tmp_path)
    run.write_config()
    leaf, derived = Config.fromfile(run.experiment.config), Config.fromfile(run.config_path)
    assert derived.model == leaf.model and derived.optim_wrapper == leaf.optim_wrapper
    for loader in ('train_dataloader', 'val_dataloader'):
        assert str(tmp_path) in derived[loader].dataset.data_root
        assert derived[loader].dataset.pipeline == leaf[loader].dataset.pipeline
    assert names_of(run.config_path) == names_of(run.experiment.config)


def test_the_papers_schedule_is_the_config_itself(tmp_path):
    run = run_of([1], 'lkca-b', 'paper', tmp_path)
    assert run.config_path == CONFIGS / 'cifar10' / 'lkca-b_100e.py'
    run.write_config()
    assert not any(tmp_path.iterdir())


def test_a_command_says_everything(tmp_path):
    run = dataclasses.replace(run_of([1], 'lkca-b', 'paper', tmp_path, amp=True), seed=3)
    words = run.command()
    assert words[0] == sys.executable and words[1].endswith('train.py')
    for option, value in {
        '--seed': '3', '--work-dir': str(run.folder), '--record': str(run.folder / 'record.json')
    }.items():  # fmt: skip
        assert words[words.index(option) + 1] == value
    assert '--resume' in words and '--amp' in words
    assert 'train_dataloader.num_workers=0' in words
    on_gpu = dataclasses.replace(run.workspace, on_gpu=True)
    assert (
        'train_dataloader.num_workers=0' not in dataclasses.replace(run, workspace=on_gpu).command()
    )


def test_runs_of_other_seeds_schedules_and_precisions_have_other_folders(tmp_path):
    run = run_of([1], 'lkca-b', 'short', tmp_path)
    others = [
        dataclasses.replace(run, seed=1),
        run_of([1], 'lkca-b', 'smoke', tmp_path),
        run_of([1], 'lkca-b', 'short', tmp_path, amp=True),
        run_of([2], 'lkca-b', 'short', tmp_path),
        run_of([7], 'lkca-s', 'short', tmp_path),
    ]
    assert len({run.folder, *(other.folder for other in others)}) == 6


def test_work_is_counted_from_the_config(tmp_path):
    (cifar,) = planned([1], 'smoke', tmp_path, ['lkca-500k'])
    assert cifar.workload.iterations == 2 * 2
    assert cifar.workload.multiply_adds == pytest.approx(31.342e6 * (3 * 4 * 8 + 2 * 8), rel=1e-3)
    (scenes,) = planned([6], 'smoke', tmp_path, ['lkca-b'])
    assert scenes.workload.iterations == 2


def test_the_papers_iterations(tmp_path, monkeypatch):
    monkeypatch.setattr('lkca_mm.reproduce.plan.check_data', lambda config, loaders: None)
    (cifar,) = planned([1], 'paper', tmp_path, ['lkca-b'])
    assert cifar.workload.iterations == 117_100
    (scenes,) = planned([6], 'paper', tmp_path, ['vit-b'])
    assert scenes.workload.iterations == 20_000
    forward = 3 * 20_000 * 16 + 10 * 2_000
    assert scenes.workload.multiply_adds == pytest.approx(107.841e9 * forward, rel=1e-3)


def test_seeds_come_one_after_the_other_for_all_rows(tmp_path):
    plan = planned([1], 'smoke', tmp_path, ['lkca-500k', 'vit-500k'], seeds=2)
    assert [p.run.name for p in plan] == [
        'cifar10/vit-500k seed 0',
        'cifar10/lkca-500k seed 0',
        'cifar10/vit-500k seed 1',
        'cifar10/lkca-500k seed 1',
    ]


def test_what_is_there_is_seen(tmp_path):
    (fresh,) = planned([1], 'smoke', tmp_path, ['lkca-500k'])
    assert (fresh.done, fresh.iteration, fresh.problem) == (False, 0, '')
    path = fresh.run.record_path
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps({'finished': False, 'curve': [{'iteration': 2}]}))
    (cut,) = planned([1], 'smoke', tmp_path, ['lkca-500k'])
    assert (cut.done, cut.iteration) == (False, 2)
    path.write_text(json.dumps({'finished': True, 'curve': [{'iteration': 4}]}))
    assert planned([1], 'smoke', tmp_path, ['lkca-500k'])[0].done
    path.write_text('{"finished": tr')
    assert not planned([1], 'smoke', tmp_path, ['lkca-500k'])[0].done


def test_a_row_that_cannot_run_says_why_in_one_line(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # where there is no data/
    (no_data,) = planned([1], 'short', tmp_path, ['lkca-500k'])
    assert 'tools/prepare_data.py cifar10' in no_data.problem
    leaves = tmp_path / 'configs'
    workspace = Workspace(tmp_path, leaves, 'smoke')
    experiments = experiments_of(select_tables([1], ['lkca-500k']), leaves)
    (missing,) = plan_runs(experiments, 1, workspace)
    assert missing.problem == 'no config configs/cifar10/lkca-500k_100e.py'
    experiments[0].config.parent.mkdir(parents=True)
    experiments[0].config.write_text('model = dict(')
    (broken,) = plan_runs(experiments, 1, workspace)
    assert 'lkca-500k_100e.py' in broken.problem and '\n' not in broken.problem
