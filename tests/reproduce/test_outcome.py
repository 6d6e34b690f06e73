"""The paper's figures beside ours."""

import numpy as np
import pytest
from made_up_runs import CONFIGS, curve, make_plan, result, segmentation_curve

from lkca_mm.reproduce.outcome import Figure, failures_of, outcome_table, outcomes_of
from lkca_mm.reproduce.report import build_sections
from lkca_mm.reproduce.selection import select_tables


@pytest.mark.parametrize('values', [(94.0,), (93.5, 94.75), (90.1, 91.7, 92.6, 89.9)])
def test_mean_spread_and_difference(values):
    figure = Figure('accuracy/top1', 94.11, values)
    assert figure.mean == pytest.approx(np.mean(values))
    assert figure.difference == pytest.approx(np.mean(values) - 94.11)
    if len(values) == 1:
        assert figure.spread is None and '±' not in figure.ours()
    else:
        assert figure.spread == pytest.approx(np.std(values, ddof=1))
        assert f'± {np.std(values, ddof=1):.2f} (n={len(values)})' in figure.ours()


def test_nothing_measured_is_nothing():
    figure = Figure('aAcc', 50.0, ())
    assert (figure.mean, figure.spread, figure.difference, figure.ours()) == (None, None, None, '')


def test_a_table_over_seeds(tmp_path):
    plan = make_plan([1], tmp_path, seeds=2, schedule='paper', rows=['lkca-b', 'vit-small'])
    top1 = {('lkca-b', 0): 94.0, ('lkca-b', 1): 95.0, ('vit-small', 0): 93.0}
    results = [
        result(p, curve(top1[key]))
        if (key := (p.run.experiment.stem, p.run.seed)) in top1
        else result(p, [], 'failed', 'out of memory')
        for p in plan
    ]
    (table,) = select_tables([1], ['lkca-b', 'vit-small'])
    vit, lkca = outcomes = outcomes_of(table, results, CONFIGS, 'paper')
    assert lkca.figures[0].values == (94.0, 95.0) and lkca.state == 'done'
    assert vit.figures[0].values == (93.0,) and vit.state == 'failed'
    drawn = outcome_table(table, outcomes, 'paper')
    assert drawn.rows == [
        ['CIFAR-10', 'ViT', 'vit-small', '93.36', '93.00 (n=1)', '-0.36', 'failed'],
        ['CIFAR-10', 'ViT-LKCA', 'lkca-b', '94.11', '94.50 ± 0.71 (n=2)', '+0.39', 'done'],
    ]
    assert drawn.notes == ['failed: cifar10/vit-small seed 1: out of memory']
    assert 'NOT' not in drawn.name


def test_the_log_of_a_failure_is_named(tmp_path):
    (planned,) = make_plan([1], tmp_path, rows=['lkca-b'])
    planned.run.folder.mkdir(parents=True)
    planned.run.log_path.touch()
    (line,) = failures_of([result(planned, [], 'failed', 'x')])
    assert line == f'failed: cifar10/lkca-b seed 0: x (log: {planned.run.log_path})'


def test_one_run_is_scored_where_the_paper_scores_it(tmp_path):
    plan = make_plan([6], tmp_path, schedule='paper', rows=['lkca-b'])
    scores = {2000: (40.0, 20.0), 4000: (45.0, 25.0), 8000: (50.0, 30.0), 10000: (52.0, 31.0)}
    results = [result(p, segmentation_curve(scores)) for p in plan]
    (table,) = select_tables([6], ['lkca-b'])
    outcomes = outcomes_of(table, results, CONFIGS, 'paper')
    assert [o.row.iteration for o in outcomes] == [2000, 4000, 8000, 16000]
    values = [tuple(figure.values for figure in o.figures) for o in outcomes]
    assert values == [((40.0,), (20.0,)), ((45.0,), (25.0,)), ((50.0,), (30.0,)), ((), ())]


def test_a_shorter_schedule_shows_its_end_and_says_so(tmp_path):
    plan = make_plan([6], tmp_path, schedule='short', rows=['lkca-b'])
    scores = {1000: (30.0, 10.0), 2000: (40.0, None)}
    results = [result(p, segmentation_curve(scores)) for p in plan]
    (table,) = select_tables([6], ['lkca-b'])
    outcomes = outcomes_of(table, results, CONFIGS, 'short')
    drawn = outcome_table(table, outcomes, 'short')
    assert "NOT the paper's schedule" in drawn.name
    assert [row[3] for row in drawn.rows] == [
        '2,000', '4,000 (ours 2,000)', '8,000 (ours 2,000)', '16,000 (ours 2,000)'
    ]  # fmt: skip
    assert {row[5] for row in drawn.rows} == {'40.00 (n=1)'}
    assert {row[8] for row in drawn.rows} == {''}  # no class was there to be scored
    assert any('swapped' in note for note in drawn.notes)


def test_a_model_of_two_tables_stands_in_both(tmp_path):
    plan = make_plan([1, 4], tmp_path, rows=['lkca-t'], datasets=['cifar10'])
    (only,) = plan
    tables = select_tables([1, 4], ['lkca-t'], ['cifar10'])
    first, second = build_sections(tables, [result(only, curve(92.0))], CONFIGS, 'smoke')
    assert first.table.rows[0][4] == second.table.rows[0][4] == '92.00 (n=1)'
