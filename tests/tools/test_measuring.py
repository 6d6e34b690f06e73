"""tools/complexity.py and tools/benchmark.py as a user types them."""

from pathlib import Path

import pytest

CONFIGS = Path(__file__).parents[2] / 'configs'


def test_benchmark_replaces_its_own_figures_alone(run_tool, tmp_path):
    mine, figures = tmp_path / 'mine.json', tmp_path / 'figures.json'
    mine.write_text('[1]')
    for _ in range(2):
        code, _, err = run_tool(
            'benchmark', 'op', '--case', '4,8,1', '--rounds', 1, '--out', figures
        )  # fmt: skip
        assert code == 0, err
    code, _, err = run_tool('benchmark', 'op', '--case', '4,8,1', '--rounds', 1, '--out', mine)
    assert code == 1 and 'mine.json: exists and holds no figures' in err.splitlines()[-1]
    assert mine.read_text() == '[1]'


@pytest.mark.parametrize('rounds', ['0', '-1', '1.5', '9' * 400])
def test_benchmark_counts_rounds(run_tool, rounds):
    code, _, err = run_tool('benchmark', 'op', '--case', '4,8,1', f'--rounds={rounds}')
    assert code == 2 and 'invalid positive whole number' in err


def test_benchmark_refuses_nonsense(run_tool):
    code, _, err = run_tool('benchmark', 'op', '--case', '4,12')
    assert code == 1
    assert err.splitlines()[-1].startswith('error: --case 4,12: write GRID,CHANNELS,BATCH')
