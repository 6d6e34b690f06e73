"""Curves of runs: what mmengine wrote, read back."""

import json
from pathlib import Path

import pytest

from lkca_mm.errors import ConfigError, DataError
from lkca_mm.visualization.curve_sheet import choose_metric, draw_curve_sheet
from lkca_mm.visualization.run_curves import RunCurves, read_run

RESULTS = Path(__file__).parents[2] / 'results'
RECORD = RESULTS / 'cifar10' / 'lkca-t_5e_seed0.json'


def test_log_of_epochs_says_what_its_record_says():
    """The record was written by a hook of ours, the log by mmengine."""
    run = read_run(RECORD.with_suffix('.log'))
    curve = json.loads(RECORD.read_text())['curve']
    assert len(curve) == 5
    found = run.scores['accuracy/top1']
    assert list(found) == [390, 780, 1170, 1560, 1950]
    for entry in curve:
        # The log has four digits behind the point.
        expected = pytest.approx(entry['accuracy/top1'], abs=6e-5)
        assert found[entry['iteration']] == expected
    assert set(run.scores) == {'accuracy/top1', 'accuracy/top5'}
    # Every 100th iteration of the 390 of an epoch; by eye from the file.
    assert list(run.loss)[:4] == [100, 200, 300, 490]
    assert len(run.loss) == 15
    assert list(run.loss.values())[:3] == [2.2443, 2.2225, 2.2039]


def test_log_of_iterations():
    run = read_run(RESULTS / 'camvid' / 'lkca-s.log')
    assert list(run.loss)[:3] == [10, 20, 30] and max(run.loss) == 300
    assert list(run.scores['mIoU']) == [100, 200, 300]
    assert run.scores['mIoU'][300] == 22.84
    assert 'time' not in run.scores and run.name == 'lkca-s'


def test_record_has_its_own_scores_and_the_losses_of_its_log(tmp_path):
    run = read_run(RECORD, 'LKCA-T')
    assert run.name == 'LKCA-T'
    assert run.scores['accuracy/top1'][1950] == 50.349998474121094
    assert len(run.loss) == 15
    alone = tmp_path / RECORD.name
    alone.write_bytes(RECORD.read_bytes())
    assert list(read_run(alone).loss) == [390, 780, 1170, 1560, 1950]
    # A record of tools/test.py has no curve, but the log beside it.
    assert read_run(RESULTS / 'camvid' / 'lkca-s.json').scores['mIoU'][100] > 0


def session(work_dir, name, *entries):
    path = work_dir / name / 'vis_data' / 'scalars.json'
    path.parent.mkdir(parents=True)
    path.write_text(''.join(json.dumps(entry) + '\n' for entry in entries))


def test_work_dir_of_a_resumed_run(tmp_path):
    train = {'lr': 0.1, 'time': 0.2}
    session(
        tmp_path / 'run',
        '20260101_000000',
        dict(train, loss=3.0, iter=1, step=1),
        dict(train, loss=2.0, iter=2, step=2),
        dict(train, loss=2.5, iter=3, step=3),
        dict(mIoU=5.0, aAcc=40.0, time=0.1, data_time=0.0, step=3),
        dict(train, loss=2.4, iter=4, step=4),
    )
    session(
        tmp_path / 'run',
        '20260102_000000',
        dict(train, loss=1.5, iter=2, step=2),
        dict(mIoU=6.0, aAcc=float('nan'), time=0.1, step=2),
        dict(train, loss=float('nan'), iter=3, step=3),
    )
    run = read_run(tmp_path / 'run')
    assert run.name == 'run'
    assert run.loss == {1: 3.0, 2: 1.5}
    assert run.scores == {'mIoU': {2: 6.0}}


def test_log_of_two_sessions(tmp_path):
    line = '2026/01/01 00:00:00 - mmengine - INFO - Iter({kind}) [{done}/9]  {values}'
    steps = [('train', 2, 'loss: 3.0'), ('val', 9, 'mIoU: 1.0'), ('train', 4, 'loss: 2.0')]
    steps += [('train', 6, 'loss: 1e-01'), ('train', 4, 'loss: 2.5'), ('val', 9, 'mIoU: nan')]
    text = [line.format(kind=kind, done=done, values=values) for kind, done, values in steps]
    (tmp_path / 'a.log').write_text('\n'.join(text))
    run = read_run(tmp_path / 'a.log')
    assert run.loss == {2: 3.0, 4: 2.5}
    assert run.scores == {'mIoU': {2: 1.0}}


def test_epochs_of_a_work_dir_stand_at_iterations(tmp_path):
    """mmengine counts a validation's step in epochs there."""
    session(
        tmp_path,
        '20260101_000000',
        dict(lr=0.1, loss=3.0, epoch=1, iter=100, step=100),
        {'accuracy/top1': 20.0, 'step': 1},
        dict(lr=0.1, loss=2.0, epoch=2, iter=200, step=200),
        {'accuracy/top1': 30.0, 'step': 2},
    )
    assert read_run(tmp_path).scores == {'accuracy/top1': {100: 20.0, 200: 30.0}}


@pytest.mark.parametrize(
    ('name', 'text', 'message'),
    [
        ('missing.json', None, 'there is no such work dir, record or log'),
        ('empty.log', 'nothing of use\n', 'holds neither losses nor scores'),
        ('list.json', '[1]', 'holds neither losses nor scores'),
        ('cut.json', '{"curve": [', 'cannot be read as the record of a run'),
        ('odd.json', '{"curve": [{"epoch": 1}]}', 'cannot be read as the record of a run'),
        ('scalars.json', '{"loss": 1, "lr": 1, "step": 1}\n{"lo', 'line 2 is no JSON'),
    ],
)
def test_files_that_hold_no_curve(tmp_path, name, text, message):
    path = tmp_path / name
    if text is not None:
        path.write_text(text)
    with pytest.raises(DataError, match=message) as caught:
        read_run(path)
    assert str(path) in str(caught.value) and '\n' not in str(caught.value)


def test_folder_that_is_no_work_dir(tmp_path):
    with pytest.raises(DataError, match=r'holds no vis_data/scalars\.json'):
        read_run(tmp_path)


def test_metric_is_one_that_a_run_has():
    runs = [
        RunCurves('a', scores={'aAcc': {1: 1.0}}),
        RunCurves('b', scores={'aAcc': {1: 1.0}, 'mIoU': {1: 1.0}}),
    ]
    assert choose_metric(runs) == 'mIoU'
    assert choose_metric(runs[:1]) == 'aAcc'
    assert choose_metric(runs, 'aAcc') == 'aAcc'
    assert choose_metric([RunCurves('c')]) is None
    with pytest.raises(ConfigError, match='--metric mIou: no run has it; there are aAcc, mIoU'):
        choose_metric(runs, 'mIou')


def test_lines_are_the_curves_and_differ_in_more_than_colour(tmp_path, monkeypatch):
    from matplotlib.axes import Axes

    lines, original = [], Axes.plot

    def plot(self, x, y, **style):
        lines.append((list(x), list(y), style))
        return original(self, x, y, **style)

    monkeypatch.setattr(Axes, 'plot', plot)
    runs = [
        RunCurves(name, {20: 1.0, 10: 2.0}, {'mIoU': {20: value}})
        for name, value in (('a', 7), ('b', 8))
    ]
    runs.append(RunCurves('c', {10: 3.0}))
    draw_curve_sheet(runs, 'mIoU', 'a title', tmp_path / 'sheet.svg')
    assert [line[:2] for line in lines] == [
        ([10, 20], [2.0, 1.0]), ([20], [7]), ([10, 20], [2.0, 1.0]), ([20], [8]),
        ([10], [3.0]), ([], []),
    ]  # fmt: skip
    for key in ('color', 'linestyle', 'marker'):
        assert len({line[2][key] for line in lines}) == 3
    text = (tmp_path / 'sheet.svg').read_text()
    assert all(word in text for word in ('a title', 'training loss', 'validation: mIoU'))
