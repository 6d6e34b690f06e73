"""A real training under the runner: cut, resumed, finished, read."""

import os
import re
import signal
import threading
import time

import pytest
from made_up_runs import CONFIGS

from lkca_mm.reproduce.jobs import run_jobs
from lkca_mm.reproduce.plan import plan_runs
from lkca_mm.reproduce.progress import read_progress
from lkca_mm.reproduce.run import job_of, slots_of
from lkca_mm.reproduce.selection import experiments_of, select_tables
from lkca_mm.reproduce.stand_ins import prepare_stand_in
from lkca_mm.reproduce.workspace import Workspace


@pytest.fixture(autouse=True)
def _heeds_interrupts():
    """A shell starts what runs in its background with SIGINT ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def planned(tmp_path):
    workspace = Workspace(tmp_path, CONFIGS, 'smoke')
    experiments = experiments_of(select_tables([1], ['lkca-500k']), CONFIGS)
    prepare_stand_in('cifar10', workspace.data)
    (planned,) = plan_runs(experiments, 1, workspace)
    return planned


def test_a_run_that_was_cut_goes_on_where_it_was(planned):
    """With an epoch count that only the signal can end; then with one that it can reach."""
    run = planned.run

    def lengthen(epochs):
        run.write_config()
        with run.config_path.open('a') as file:
            file.write(f'train_cfg = dict(max_epochs={epochs}, passes_per_epoch=1)\n')

    def interrupt():
        deadline = time.monotonic() + 120
        while read_progress(job.output()).iteration < 5 and time.monotonic() < deadline:
            time.sleep(0.05)
        os.kill(os.getpid(), signal.SIGINT)

    job = job_of(run)
    job.prepare = lambda: lengthen(10_000)
    thread = threading.Thread(target=interrupt)
    thread.start()
    with pytest.raises(KeyboardInterrupt):
        run_jobs([job], slots_of(1, []), interval=0.05)
    thread.join()
    record = run.read_record()
    assert record['finished'] is False and len(record['curve']) >= 2
    assert 'interrupted; saved' in job.output()
    reached = int(re.findall(r'interrupted_iter_(\d+)', job.output())[-1])
    assert reached >= record['curve'][-1]['iteration']

    end = reached // 2 + 2
    again = job_of(run)
    again.prepare = lambda: lengthen(end)
    run_jobs([again], slots_of(1, []), interval=0.05)
    assert (again.state, again.error) == ('done', '')
    record = run.read_record()
    assert record['finished'] is True
    assert [entry['epoch'] for entry in record['curve']] == [*range(1, end + 1)]
    assert [session['from_iteration'] for session in record['sessions']] == [0, reached]
    assert record['settings']['train_dataloader.num_workers'] == 0
    assert (record['dataset'], record['model'], record['seed']) == ('cifar10', 'lkca-500k', 0)
