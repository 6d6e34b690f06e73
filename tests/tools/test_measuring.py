"""tools/complexity.py and tools/benchmark.py as a user types them."""

import json
import re
from pathlib import Path

import pytest
from drawing_texts import texts_of

from lkca_mm.benchmark.op import OpCase
from lkca_mm.ops import calibration, choose_backend

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


def test_benchmark_records_what_it_measured(run_tool, tmp_path):
    path = tmp_path / 'results' / 'op.json'
    code, out, err = run_tool('benchmark', 'op', '--case', '4,12,2', '--rounds', 3, '--out', path)
    assert code == 0, err
    assert '4x4' in out
    record = json.loads(path.read_text())
    assert record['environment']['torch']
    (result,) = record['results']
    assert (result['grid'], result['channels'], result['batch']) == (4, 12, 2)
    times = result['milliseconds']
    assert set(times) == {'auto', 'toeplitz', 'hybrid', 'fft', 'conv', 'mhsa', 'bound'}
    assert all(ms > 0 for ms in times.values())
    for text, name in (('mhsa with SDPA', 'mhsa'), ('the bound', 'bound')):
        faster = result['times_faster_than'][text]
        assert faster == pytest.approx(times[name] / times['auto'])


def test_benchmark_sweeps_and_draws(run_tool, tmp_path, monkeypatch):
    small = [OpCase(4, 12, 2), OpCase(6, 12, 1), OpCase(4, 24, 2)]
    monkeypatch.setattr('lkca_mm.benchmark.op.sweep_cases', lambda: small)
    record, plot = tmp_path / 'op.json', tmp_path / 'plots' / 'op.svg'
    code, _, err = run_tool(
        'benchmark', 'op', '--sweep', '--rounds', 1, '--out', record, '--plot', plot
    )
    assert code == 0, err
    results = json.loads(record.read_text())['results']
    assert [result['mode'] for result in results] == ['forward'] * 3 + ['forward + backward'] * 3
    expected = {'12 channels', '24 channels', 'bound: dense product', 'grid side'}
    assert expected <= texts_of(plot)
    code, _, err = run_tool('benchmark', 'op', '--plot', tmp_path / 'op.gif')
    assert code == 1
    assert 'op.gif: must end with .png or .svg' in err


def test_calibration_is_kept_for_auto(run_tool, tmp_path, monkeypatch):
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path))
    monkeypatch.setattr(calibration, '_FROM_FILE', {})
    monkeypatch.setattr(calibration, '_here', {})
    monkeypatch.setattr('lkca_mm.benchmark.op.sweep_cases', lambda: [OpCase(4, 12, 2)])
    code, out, err = run_tool('benchmark', 'calibrate', '--kernel', '3,5,12')
    assert code == 0, err
    kept = json.loads((tmp_path / 'lkca_mm' / 'calibration.json').read_text())
    (choices,) = kept.values()
    small = '5x5 kernel 3x3 G1 C12 32 bit'
    assert set(choices) == {
        f'{shape} {passes}'
        for shape in ('4x4 kernel 7x7 G1 C12 32 bit', small)
        for passes in ('forward', 'training')
    }
    for training, passes in ((True, 'training'), (False, 'forward')):
        choice = choose_backend('cpu', 4, (3, 3), (5, 5), 1, 12, training=training)
        assert choice == choices[f'{small} {passes}']
    assert '5x5 kernel 3x3' in out
    code, _, err = run_tool('benchmark', 'calibrate', '--kernel', '3,5')
    assert code == 1
    assert '--kernel 3,5: write KERNEL,GRID,CHANNELS' in err


def test_benchmark_of_data_names_every_stage(run_tool, write_config, tmp_path):
    path = tmp_path / 'data.json'
    code, out, err = run_tool(
        'benchmark', 'data', write_config(), '--images', 6, '--rounds', 2, '--out', path,
        '--plot', tmp_path / 'data.svg',
    )  # fmt: skip
    assert code == 0, err
    assert {'LoadCheckedMask', 'microseconds an image'} <= texts_of(tmp_path / 'data.svg')
    assert 'images a second on one core' in out
    (result,) = json.loads(path.read_text())['results']
    assert list(result['microseconds']) == [
        'reading', 'LoadCheckedImage', 'LoadCheckedMask', 'RandomFlip', 'PackSegInputs',
        'collating',
    ]  # fmt: skip
    assert all(microseconds > 0 for microseconds in result['microseconds'].values())
    assert (result['images'], result['batch_size']) == (6, 2)
    # What the stages take together, a batch takes too (on a machine of any mood).
    whole = 1e6 / result['images_per_second']
    assert 0.2 < sum(result['microseconds'].values()) / whole < 5


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
