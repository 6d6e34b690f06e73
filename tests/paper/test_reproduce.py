"""tools/reproduce.py: plan, runs, tables and page; training is played by a script."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from mmengine.config import Config
from PIL import Image

from lkca_mm.paper import reproduce
from lkca_mm.paper.page import outcome_table
from lkca_mm.paper.reproduce import Job, plan_jobs, run_jobs, select_tables

ROOT = Path(__file__).parents[2]

# Takes the words that tools/train.py takes, and writes the record that it would.
TRAINER = """
import json, os, signal, sys, time
words = sys.argv[1:]
after = lambda name: words[words.index(name) + 1]
config, seed, record = words[0], int(after('--seed')), after('--record')
assert os.path.isfile(config) and os.environ['OMP_NUM_THREADS']
folder = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
with open(folder + '/calls', 'a') as file:
    print(os.path.basename(config), seed, os.environ.get('CUDA_VISIBLE_DEVICES', ''), file=file)
broken = folder + '/broken'
if os.path.exists(broken) and open(broken).read() in config and seed == 1:
    sys.exit('error: loss is NaN at iteration 3')
if os.path.exists(folder + '/slow'):
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        open(folder + '/ready', 'w').close()
        time.sleep(60)
    except KeyboardInterrupt:
        open(folder + '/saved', 'w').close()
        sys.exit(130)
curve = [{'epoch': 1, 'iteration': 4, 'train_loss': 2.0, 'accuracy/top1': 90.0 + seed}]
with open(record, 'w') as file:
    json.dump({'finished': True, 'curve': curve}, file)
"""


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """Our configs, with a script in place of tools/train.py."""
    (tmp_path / 'tools').mkdir()
    (tmp_path / 'tools' / 'train.py').write_text(TRAINER)
    folders = {'configs': ROOT / 'configs', 'tools': tmp_path / 'tools'}
    monkeypatch.setattr(reproduce, 'shipped_folder', folders.__getitem__)
    return tmp_path


@pytest.fixture
def run(run_tool, checkout):
    """Returns a function that runs the tool: exit code, stdout, stderr, and what it trained."""

    def call(*words):
        places = ('--work-dir', checkout / 'work', '--out', checkout / 'out')
        result = run_tool('reproduce', *words, '--schedule', 'smoke', *places)
        calls = checkout / 'calls'
        trained = sorted(calls.read_text().splitlines()) if calls.exists() else []
        calls.unlink(missing_ok=True)
        return *result, [line.rpartition(' ')[0] for line in trained]

    return call


def test_from_plan_to_page_then_only_what_is_left(run, checkout):
    (checkout / 'broken').write_text('vit-500k')
    words = ('1', '--rows', 'lkca-500k', 'ViT/0.5M', '--seeds', 2, '--jobs', 2)
    code, out, _, trained = run(*words)
    names = [f'{stem}-500k_smoke.py' for stem in ('lkca', 'vit')]
    assert trained == [f'{name} {seed}' for name in names for seed in (0, 1)]
    assert code == 1
    assert '4 runs, 2 at a time' in out
    assert 'failed cifar10/vit-500k seed 1 loss is NaN at iteration 3; ' in out
    assert '90.50 ± 0.71 (n=2)' in out and '90.00 (n=1)' in out
    assert '3 of 4 runs done' in out
    data = json.loads((checkout / 'out' / 'report.json').read_text())
    assert data['papers_schedule'] is False and data['settings']['seeds'] == 2
    assert {run['name']: run['error'] for run in data['runs'] if run['state'] == 'failed'} == {
        'cifar10/vit-500k seed 1': 'loss is NaN at iteration 3'
    }
    page = (checkout / 'out' / 'report.html').read_text()
    assert 'loss is NaN' in page and 'NOT the paper' in page
    assert 'src="curves_table1_cifar10.png"' in page
    assert (checkout / 'out' / 'curves_table1_cifar10.png').stat().st_size > 5_000
    assert 'http' not in page.replace('http-equiv', '')

    (checkout / 'broken').unlink()
    code, out, _, trained = run(*words)
    assert (code, trained) == (0, ['vit-500k_smoke.py 1'])
    assert '4 of 4 runs done' in out
    assert 'loss is NaN' not in (checkout / 'out' / 'report.html').read_text()
    code, out, _, trained = run(*words)
    assert (code, trained) == (0, []) and '90.50 ± 0.71 (n=2)' in out


def test_a_model_of_two_tables_is_trained_once(run):
    code, out, _, trained = run('1', '4', '--rows', 'lkca-t', '--datasets', 'cifar10')
    assert (code, trained) == (0, ['lkca-t_smoke.py 0'])
    assert 'Table 1,' in out and 'Table 4,' in out
    # Table 5 has one data set alone, so nothing is left of it.
    assert [t.number for t in select_tables(['all'], ['LKCA-T'], ['svhn'])] == [4]


def test_a_dry_run_leaves_nothing_behind(run, checkout):
    before = sorted(checkout.iterdir())
    code, out, _, trained = run('all', '--dry-run')
    assert code == 0 and '91 runs, 1 at a time' in out
    assert 'cifar10/lkca-500k seed 0' in out and 'ade20k/fpn_lkca-s seed 0' in out
    assert trained == [] and sorted(checkout.iterdir()) == before


@pytest.mark.parametrize(
    ('words', 'told'),
    [
        (('9',), "'9' is not a table of the paper"),
        (('1', '--rows', 'lkca-z'), 'lkca-z: is not in the tables; there are cifar10'),
        (('1', '--datasets', 'svhn'), 'svhn: is not in the tables; there are cifar10'),
    ],
)
def test_a_wrong_word_is_one_line(run, words, told):
    code, out, err, trained = run(*words)
    assert (code, out, trained) == (1, '', [])
    assert err.startswith(f'error: {told}') and err.count('\n') == 1


@pytest.mark.parametrize(
    ('schedule', 'stem', 'dataset', 'length', 'ends'),
    [
        ('short', 'lkca-b', 'svhn', {'max_epochs': 5, 'passes_per_epoch': 1}, [1, 1, 5]),
        ('short', 'fpn_lkca-s_ade20k_20k', 'ade20k', {'max_iters': 2000, 'val_interval': 500},
         [150, 150, 2000]),
        ('smoke', 'lkca-b', 'cifar100', {'max_epochs': 2, 'passes_per_epoch': 1}, [1, 1, 2]),
        ('smoke', 'fpn_lkca-s_ade20k_20k', 'ade20k', {'max_iters': 2, 'val_interval': 1},
         [1, 1, 2]),
    ],
)  # fmt: skip
def test_shorter_schedules_change_length_and_data_alone(
    tmp_path, schedule, stem, dataset, length, ends
):
    job = Job(dataset, stem, 3, schedule, tmp_path)
    words = job.command(amp=True, on_gpu=True)
    config, leaf = Config.fromfile(words[2]), Config.fromfile(str(job.leaf))
    assert {**config.train_cfg, **length} == {**config.train_cfg}
    first, second = config.param_scheduler
    assert [first.end, second.begin, second.end] == ends
    assert config.model.to_dict() == leaf.model.to_dict()
    assert config.optim_wrapper.to_dict() == leaf.optim_wrapper.to_dict()
    assert {'--amp', '--resume', '3'} <= set(words) and '--cfg-options' not in words
    same_data = config.train_dataloader.dataset == leaf.train_dataloader.dataset
    assert same_data == (schedule == 'short')
    if schedule == 'smoke':
        paths = sorted((tmp_path / 'images').rglob('*.png'))
        side = 512 if dataset == 'ade20k' else 32
        assert len(paths) == (16 if dataset == 'ade20k' else 32)
        assert all(np.asarray(Image.open(path)).shape[:2] == (side, side) for path in paths)
        assert config.default_hooks.checkpoint.interval == -1


def test_gpus_take_turns(checkout):
    jobs = plan_jobs(select_tables(['4'], ['lkca-t', 'vit-lite']), 1, 'paper', checkout / 'work')
    run_jobs(jobs, 2, ['3', '5'], amp=False, on_gpu=True)
    assert {job.state for job in jobs} == {'done'} and len(jobs) == 6
    used = {line.split()[-1] for line in (checkout / 'calls').read_text().splitlines()}
    assert used == {'3', '5'}


def test_segmentation_is_scored_at_the_printed_iterations(tmp_path):
    tables = select_tables(['6'], ['LKCA-B'])
    (job,) = plan_jobs(tables, 1, 'paper', tmp_path)
    curve = [{'iteration': n, 'aAcc': n / 1000, 'mIoU@10': 1.0} for n in (2000, 4000, 20000)]
    job.state, job.record = 'done', {'curve': curve}
    rows = outcome_table(tables[0], [job], 'paper').rows
    assert [(row[4], row[6]) for row in rows] == [
        ('2,000', '2.00 (n=1)'), ('4,000', '4.00 (n=1)'), ('8,000', ''), ('16,000', ''),
    ]  # fmt: skip
    job.schedule = 'short'
    rows = outcome_table(tables[0], [job], 'short').rows
    assert rows[2][4:8] == ['8,000 (ours 20,000)', '50.79', '20.00 (n=1)', '-30.79']


def test_an_interrupted_call_ends_its_runs_politely(checkout):
    (checkout / 'slow').touch()
    code = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
from pathlib import Path
from lkca_mm.paper import reproduce
folders = {{'configs': Path({str(ROOT / 'configs')!r}), 'tools': Path({str(checkout / 'tools')!r})}}
reproduce.shipped_folder = folders.__getitem__
jobs = [reproduce.Job('cifar10', 'lkca-t', 0, 'paper', Path({str(checkout / 'work')!r}))]
try:
    reproduce.run_jobs(jobs, 1, [], False, True)
except KeyboardInterrupt:
    print('ended', jobs[0].state)
"""
    process = subprocess.Popen([sys.executable, '-c', code], stdout=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 120
    while not (checkout / 'ready').exists() and time.monotonic() < deadline:
        time.sleep(0.1)
    os.kill(process.pid, signal.SIGTERM)
    out, _ = process.communicate(timeout=60)
    assert 'ended to do' in out and (checkout / 'saved').exists()
