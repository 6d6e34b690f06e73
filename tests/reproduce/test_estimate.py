"""Estimates, and how far a run is."""

import json

import pytest
from made_up_runs import make_plan

from lkca_mm.reproduce.estimate import Estimator, duration, measure_rate, total_seconds
from lkca_mm.reproduce.plan import PlannedRun
from lkca_mm.reproduce.progress import Progress, read_progress
from lkca_mm.reproduce.workload import Workload


@pytest.mark.parametrize('amp', [False, True])
def test_a_layer_is_timed(amp):
    assert 1e7 < measure_rate(1, amp=amp, seconds=0.05) < 1e14


def test_an_estimate_follows_what_was_measured(tmp_path):
    a, b = make_plan([1], tmp_path, rows=['lkca-500k', 'vit-500k'])
    estimator = Estimator(rate=1e8, startup=5)
    assert estimator.seconds(a) == 5 + 1e9 / 1e8
    assert 'multiply-adds a second' in estimator.describe()
    a.run.folder.mkdir(parents=True)
    record = {'finished': True, 'seconds': {'training': 35, 'validation': 5}}
    a.run.record_path.write_text(json.dumps(record))
    estimator.learn(a)
    # The same model as it was, another one at the same multiply-adds a second.
    assert estimator.seconds(a) == pytest.approx(5 + 40)
    assert estimator.seconds(b) == pytest.approx(5 + 40)
    twice = PlannedRun(b.run, Workload(10, 2e9))
    assert estimator.seconds(twice) == pytest.approx(5 + 80)
    assert 'from the records of 1 row here' in estimator.describe()
    (scenes,) = make_plan([6], tmp_path, rows=['lkca-b'])
    assert estimator.seconds(scenes) == 5 + 1e9 / 1e8
    half = PlannedRun(a.run, a.workload, iteration=5)
    assert estimator.seconds(half) == pytest.approx(5 + 20)
    # A process that lived 52 s for 40 s of work took 12 to start.
    estimator.learn(a, lasted=52)
    assert estimator.seconds(half) == pytest.approx(12 + 20)
    for nothing in (PlannedRun(a.run, a.workload, done=True), PlannedRun(a.run, problem='x')):
        assert estimator.seconds(nothing) == 0


def test_the_time_of_all_is_that_of_the_last_to_end():
    assert total_seconds([], [3, 1, 1, 1], 2) == 3
    assert total_seconds([10, 1], [2, 2], 2) == 10
    assert total_seconds([], [], 4) == 0
    assert total_seconds([], [2, 2, 2], 1) == 6


@pytest.mark.parametrize(
    ('seconds', 'text'),
    [(0.4, '0 s'), (99, '99 s'), (600, '10 min'), (7500, '2 h 05 min'), (216_000, '2.5 days')],
)
def test_durations(seconds, text):
    assert duration(seconds) == text


def test_progress_by_epochs():
    text = (
        'x - INFO - Epoch(train) [2][100/390]  lr: 5e-04  eta: 0:08:33  time: 0.2979  loss: 2.2\n'
        'x - INFO - Saving checkpoint at 2 epochs\n'
    )
    assert read_progress(text) == Progress(490, 0.2979)
    assert read_progress(text + 'x - INFO - Epoch(val) [2][40/40]  time: 0.5\n').scoring


def test_progress_by_iterations():
    line = 'x - INFO - Iter(train) [   40/20000]  lr: 1e-4  eta: 0:45:47  time: 6.1  data_time: 0.0'
    assert read_progress(f'cut{line}\n') == Progress(40, 6.1)
    assert read_progress('') == Progress() == read_progress('importing\n')
