"""tools/complexity.py as a user types it."""

import re
from pathlib import Path

import pytest

CONFIGS = Path(__file__).parents[2] / 'configs'


def test_complexity_prints_both_counts(run_tool):
    path = CONFIGS / 'upernet_lkca-tiny_scenes_demo.py'
    code, out, err = run_tool('complexity', path, '--shape', 64, 64)
    assert code == 0, err
    row = next(line for line in out.splitlines() if '64x64' in line)
    params, paper, executed = re.findall(r'(\d+\.\d+)[MG]', row)
    # 6 layers on an 8 x 8 grid, 96 channels: 15 x 15 taps reach a token, and 64 + 1/96 run.
    difference = 6 * (15 * 15 * 64 * 96 - 64 * 64 * 97) / 1e9
    assert abs(float(paper) - float(executed) - difference) < 0.002
    assert float(params) > 0.5


def test_complexity_needs_a_size(run_tool, tmp_path):
    path = tmp_path / 'sizeless.py'
    path.write_text("model = dict(type='EncoderDecoder', backbone=dict(type='ResNet'))")
    code, _, err = run_tool('complexity', path)
    assert code == 1
    assert 'sizeless.py: says no image size' in err


def test_complexity_prints_a_table_of_the_paper(run_tool):
    pytest.importorskip('vit_pytorch')
    code, out, err = run_tool('complexity', '--table', 4)
    assert code == 0, err
    row = next(line for line in out.splitlines() if 'LKCA-T' in line)
    assert row.split() == ['LKCA-T', 'lkca-t', '1.03M', '1.028M', '64.82M', '64.817M', '70.176M']
    row = next(line for line in out.splitlines() if 'CaiT-T' in line)
    assert row.split()[2:6] == ['1.00M', '1.001M', '61.16M', '61.159M']
    assert 'MobileViT (v1)' in out
    code, _, err = run_tool('complexity', '--table', 8)
    assert code == 1
    assert 'the paper has Tables 1 to 7' in err
    code, _, err = run_tool('complexity')
    assert code == 1
