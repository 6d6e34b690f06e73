"""Curves of runs: what a record holds, read and drawn."""

from pathlib import Path

import pytest
from matplotlib.axes import Axes

from lkca_mm.errors import ConfigError
from lkca_mm.visualization.curves import LOSS, draw_curves, read_run

RECORD = Path(__file__).parents[2] / 'results' / 'cifar10' / 'lkca-t_5e_seed0.json'


def test_record():
    run = read_run(RECORD)
    assert set(run) == {LOSS, 'accuracy/top1', 'accuracy/top5'}
    assert list(run[LOSS]) == list(run['accuracy/top1']) == [390, 780, 1170, 1560, 1950]
    assert run['accuracy/top1'][1950] == 50.35


def test_lines_are_the_curves(tmp_path, monkeypatch):
    lines, original = [], Axes.plot

    def plot(self, x, y, style, **settings):
        lines.append((list(x), list(y), style))
        return original(self, x, y, style, **settings)

    monkeypatch.setattr(Axes, 'plot', plot)
    runs = {'a': {LOSS: {20: 1.0, 10: 2.0}, 'aAcc': {20: 1}, 'mIoU': {20: 7}}, 'b': {LOSS: {5: 3}}}
    draw_curves(runs, tmp_path / 'a.svg', title='a title')
    assert [line[:2] for line in lines] == [
        *([([10, 20], [2.0, 1.0]), ([5], [3])]),
        *([([20], [7]), ([], [])]),
    ]
    assert lines[0][2] != lines[1][2]  # not by colour alone
    text = (tmp_path / 'a.svg').read_text()
    assert all(word in text for word in ('a title', 'training loss', 'validation: mIoU'))
    draw_curves({'b': runs['b']}, tmp_path / 'b.png')
    assert len(lines) == 5
    with pytest.raises(ConfigError, match='--metric miou: no run has it; choose from aAcc, mIoU'):
        draw_curves(runs, tmp_path / 'c.png', 'miou')
    with pytest.raises(ConfigError, match=r'c\.pdf: must end in \.png or \.svg'):
        draw_curves(runs, tmp_path / 'c.pdf')
