"""Processes that crash, hang, are killed, or are ended with us."""

import os
import signal
import sys
import threading
import time
from pathlib import Path

import pytest

from lkca_mm.reproduce.jobs import Job, failure, run_jobs


def shell(folder, name, script, **changes):
    """A job that runs a shell script in a folder of its own."""
    return Job(name, ['sh', '-c', script], folder / name / 'log', **changes)


def alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    status = Path('/proc', str(pid), 'stat')
    # A zombie waits for its parent alone.
    return not status.exists() or status.read_text().rpartition(')')[2].split()[0] != 'Z'


def gone(pid, seconds=5.0):
    deadline = time.monotonic() + seconds
    while alive(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not alive(pid)


def interrupt_when(condition, number=signal.SIGINT, times=1, pause=0.0):
    """Sends signals to this process as soon as ``condition()`` holds."""

    def wait():
        deadline = time.monotonic() + 20
        while not condition() and time.monotonic() < deadline:
            time.sleep(0.02)
        for _ in range(times):
            os.kill(os.getpid(), number)
            time.sleep(pause)

    thread = threading.Thread(target=wait)
    thread.start()
    return thread


def test_no_more_run_at_a_time_than_there_are_places(tmp_path):
    running, most, seen = set(), [], []

    def watch(job):
        if job is not None:
            seen.append((job.name, job.state))
            (running.add if job.state == 'running' else running.discard)(job.name)
            most.append(len(running))

    jobs = [shell(tmp_path, name, f'sleep 0.15; echo {name} $PLACE') for name in 'abcde']
    run_jobs(jobs, [{'PLACE': '0'}, {'PLACE': '1'}], watch, interval=0.02)
    assert max(most) == 2
    assert [name for name, state in seen if state == 'running'] == list('abcde')
    assert all(job.state == 'done' for job in jobs)
    assert jobs[0].output() == 'a 0\n' and jobs[1].output() == 'b 1\n'


def test_the_others_go_on_when_one_fails(tmp_path):
    def refuse():
        raise OSError('no space')

    jobs = [
        shell(tmp_path, 'good', 'echo fine'),
        shell(tmp_path, 'wrong', 'echo noise; echo "error: data/x is missing" >&2; exit 3'),
        shell(tmp_path, 'killed', 'kill -KILL $$'),
        shell(tmp_path, 'silent', 'exit 4'),
        shell(tmp_path, 'unfinished', 'true', check=lambda: 'no record'),
        shell(tmp_path, 'unprepared', 'true', prepare=refuse),
        Job('absent', [str(tmp_path / 'no-such-program')], tmp_path / 'absent' / 'log'),
        shell(tmp_path, 'last', 'echo fine'),
    ]
    run_jobs(jobs, [{}], interval=0.02)
    states = {job.name: (job.state, job.error) for job in jobs}
    assert states['good'] == states['last'] == ('done', '')
    assert states['wrong'] == ('failed', 'data/x is missing')
    assert states['killed'] == ('failed', 'ended by SIGKILL (out of memory?)')
    assert states['silent'] == ('failed', 'exit code 4, and it printed nothing')
    assert states['unfinished'] == ('failed', 'no record')
    assert states['unprepared'][0] == 'failed' and 'no space' in states['unprepared'][1]
    assert states['absent'][0] == 'failed' and 'no-such-program' in states['absent'][1]


def test_the_log_is_kept_and_only_its_newest_part_is_judged(tmp_path):
    for script in ('echo "error: first"; exit 1', 'echo plain; exit 1'):
        job = shell(tmp_path, 'job', script)
        run_jobs([job], [{}], interval=0.02)
    assert job.error == 'plain'
    assert (tmp_path / 'job' / 'log').read_text() == 'error: first\nplain\n'


def test_a_crashed_process_leaves_none_of_its_own_behind(tmp_path):
    job = shell(tmp_path, 'job', f'sleep 60 & echo $! > {tmp_path}/pid; exit 1')
    run_jobs([job], [{}], interval=0.02)
    assert job.state == 'failed'
    assert gone(int((tmp_path / 'pid').read_text()))


SAVES = """
import os, signal, sys, time
def save(number, frame):
    open('{folder}/saved', 'w').close()
    sys.exit(130)
signal.signal(signal.SIGINT, save)
open('{folder}/pid', 'w').write(str(os.getpid()))
os.rename('{folder}/pid', '{folder}/ready')
time.sleep(60)
"""
HANGS = SAVES.replace(
    'signal.signal(signal.SIGINT, save)', 'signal.signal(signal.SIGINT, signal.SIG_IGN)'
)


def python(folder, name, script):
    (folder / name).mkdir()
    command = [sys.executable, '-c', script.format(folder=folder / name)]
    return Job(name, command, folder / name / 'log')


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM], ids=lambda n: n.name)
def test_an_interrupt_ends_all_and_lets_them_save(tmp_path, number):
    jobs = [python(tmp_path, name, SAVES) for name in 'ab'] + [shell(tmp_path, 'c', 'true')]
    ready = [tmp_path / name / 'ready' for name in 'ab']
    before = signal.getsignal(number)
    thread = interrupt_when(lambda: all(path.exists() for path in ready), number)
    with pytest.raises(KeyboardInterrupt):
        run_jobs(jobs, [{}, {}], interval=0.02, grace=20)
    thread.join()
    assert all((tmp_path / name / 'saved').exists() for name in 'ab')
    assert all(gone(int(path.read_text())) for path in ready)
    assert [job.state for job in jobs] == ['waiting'] * 3
    assert not (tmp_path / 'c' / 'log').exists()
    assert signal.getsignal(number) is before


def test_what_hangs_is_killed(tmp_path):
    job = python(tmp_path, 'a', HANGS)
    thread = interrupt_when((tmp_path / 'a' / 'ready').exists)
    start = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        run_jobs([job], [{}], interval=0.02, grace=0.3)
    thread.join()
    assert time.monotonic() - start < 20
    assert gone(int((tmp_path / 'a' / 'ready').read_text()))


def test_a_second_interrupt_does_not_wait(tmp_path):
    job = python(tmp_path, 'a', HANGS)
    thread = interrupt_when((tmp_path / 'a' / 'ready').exists, times=2, pause=1.2)
    with pytest.raises(KeyboardInterrupt):
        run_jobs([job], [{}], interval=0.02, grace=1000)
    thread.join()
    assert gone(int((tmp_path / 'a' / 'ready').read_text()))


def test_an_error_of_ours_leaves_nothing_running(tmp_path):
    job = python(tmp_path, 'a', HANGS)

    def watch(job):
        if (tmp_path / 'a' / 'ready').exists():
            raise RuntimeError('a display that fails')

    with pytest.raises(RuntimeError, match='display'):
        run_jobs([job], [{}], watch, interval=0.02, grace=0.2)
    assert gone(int((tmp_path / 'a' / 'ready').read_text()))


def test_a_failure_is_told_by_its_last_error():
    assert failure(1, 'error: early\nerror: late\n') == 'late'
    assert failure(1, 'Traceback (most recent call last):\n  File\nValueError: x\n\n') == (
        'ValueError: x'
    )
    assert failure(-signal.SIGSEGV, 'error: x') == 'ended by SIGSEGV'
