"""`tools/reproduce.py` from its command line; training is played by a script."""

import json
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# Takes the words that tools/train.py takes, and writes the record that it would.
TRAINER = """
import json, os, sys
words = sys.argv[1:]
def after(name):
    return words[words.index(name) + 1]
config, seed, record = words[0], int(after('--seed')), after('--record')
assert os.path.isfile(config), config
with open({calls!r}, 'a') as file:
    file.write(' '.join([config, str(seed), os.environ['OMP_NUM_THREADS']]) + '\\n')
if os.path.exists({broken!r}) and open({broken!r}).read() in config and seed == 1:
    sys.exit('error: loss is NaN at iteration 3')
curve = [{{'epoch': 1, 'iteration': 4, 'train_loss': 2.0, 'accuracy/top1': 90.0 + seed}}]
os.makedirs(os.path.dirname(record), exist_ok=True)
with open(record, 'w') as file:
    json.dump({{'finished': True, 'curve': curve, 'seed': seed, 'final': curve[0],
               'seconds': {{'training': 3.0, 'validation': 1.0}}}}, file)
"""


@pytest.fixture
def calls(tmp_path, monkeypatch):
    """Returns a function that tells which configs and seeds were trained since the last call."""
    path, trainer = tmp_path / 'calls', tmp_path / 'train.py'
    trainer.write_text(TRAINER.format(calls=str(path), broken=str(tmp_path / 'broken')))
    monkeypatch.setattr('lkca_mm.reproduce.workspace.TRAIN', trainer)

    def read():
        lines = path.read_text().splitlines() if path.exists() else []
        path.unlink(missing_ok=True)
        return sorted((Path(line.split()[0]).stem, int(line.split()[1])) for line in lines)

    return read


@pytest.fixture
def reproduce(run_tool, tmp_path, calls):
    def run(*words):
        places = ('--work-dir', tmp_path / 'work', '--out', tmp_path / 'out')
        return run_tool('reproduce', *words, '--schedule', 'smoke', *places)

    return run


def test_from_plan_to_page_then_only_what_is_left(reproduce, calls, tmp_path):
    (tmp_path / 'broken').write_text('vit-500k')
    words = ('1', '--rows', 'lkca-500k', 'vit-500k', '--seeds', 2, '--jobs', 2)
    code, out, _ = reproduce(*words)
    every = [('lkca-500k_smoke', 0), ('lkca-500k_smoke', 1), ('vit-500k_smoke', 0)]
    assert calls() == [*every, ('vit-500k_smoke', 1)]
    assert code == 1
    assert '4 of 4 runs to do, 2 at a time; estimated' in out
    assert 'FAILED cifar10/vit-500k seed 1: loss is NaN at iteration 3' in out
    assert '90.50 ± 0.71 (n=2)' in out and '90.00 (n=1)' in out
    assert '3 of 4 runs done, 1 failed' in out
    data = json.loads((tmp_path / 'out' / 'report.json').read_text())
    assert [run['error'] for run in data['runs'] if run['state'] == 'failed'] == [
        'loss is NaN at iteration 3'
    ]
    assert data['environment']['torch'] and data['settings']['seeds'] == 2
    assert 'loss is NaN' in (tmp_path / 'out' / 'report.html').read_text()
    log = tmp_path / 'work' / 'smoke' / 'runs' / 'cifar10' / 'vit-500k_seed1' / 'train.log'
    assert log.read_text() == 'error: loss is NaN at iteration 3\n'

    (tmp_path / 'broken').unlink()
    code, out, _ = reproduce(*words)
    assert calls() == [('vit-500k_smoke', 1)]
    assert code == 0
    assert '1 of 4 runs to do' in out and 'from the records of 2 rows here' in out
    assert '4 of 4 runs done, 0 failed' in out
    assert 'loss is NaN' not in (tmp_path / 'out' / 'report.html').read_text()

    code, out, _ = reproduce(*words)
    assert (code, calls()) == (0, [])
    assert '0 of 4 runs to do' in out and '90.50 ± 0.71 (n=2)' in out


def test_a_model_of_two_tables_is_trained_once(reproduce, calls):
    code, out, _ = reproduce('1', '4', '--rows', 'lkca-t', '--datasets', 'cifar10')
    assert code == 0
    assert calls() == [('lkca-t_smoke', 0)]
    assert 'Table 1,' in out and 'Table 4,' in out


def test_a_dry_run_leaves_nothing_behind(reproduce, calls, tmp_path):
    before = sorted(tmp_path.iterdir())
    code, out, _ = reproduce('all', '--dry-run')
    assert code == 0
    assert '91 runs to do, 1 at a time' in out
    assert 'cifar10/lkca-500k seed 0' in out and 'ade20k/fpn_lkca-s seed 0' in out
    assert calls() == [] and sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize(
    ('words', 'told'),
    [
        (('9',), 'TABLE 9: the paper has Tables 1 to 7'),
        (('1', '--rows', 'lkca-z'), '--rows lkca-z: is not in the tables; there are ViT'),
        (('1', '--datasets', 'svhn'), '--datasets svhn: is not in the tables; there are cifar10'),
        (('1', '--gpus', ','), "--gpus ',': names no GPU"),
    ],
)
def test_a_wrong_word_is_one_line(reproduce, calls, words, told):
    code, out, err = reproduce(*words)
    assert (code, out, calls()) == (1, '', [])
    assert err.startswith(f'error: {told}') and err.count('\n') == 1


def test_gpus_where_there_are_none(reproduce, monkeypatch):
    monkeypatch.setattr('torch.cuda.is_available', lambda: False)
    code, _, err = reproduce('1', '--gpus', '0,1')
    assert code == 1
    assert err == 'error: --gpus 0,1: PyTorch sees no CUDA device; leave --gpus out\n'


def test_numbers_are_positive(reproduce):
    for option in ('--seeds', '--jobs'):
        code, _, err = reproduce('1', option, 0)
        assert code == 2 and 'positive whole number' in err
