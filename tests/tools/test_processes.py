"""Several processes train and score as one, and the scripts that start them."""

import json
import os
import socket
import subprocess
import sys

import pytest
from checks import ROOT, differences, finish, start_tool, trained_state

RECORDED = """
custom_imports = dict(imports=['lkca_mm', 'draw_recorder'], allow_failed_imports=False)
custom_hooks = [dict(type='IterationSeedHook'), dict(type='DrawRecorder')]
"""


def call(*command, **environment):
    """Runs a command to its end; returns exit code and all output."""
    done = subprocess.run(
        [str(word) for word in command],
        env={**os.environ, 'PYTHON': sys.executable, 'OMP_NUM_THREADS': '1', **environment},
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=240,
    )
    return done.returncode, done.stdout


def free_port():
    with socket.socket() as listener:
        listener.bind(('127.0.0.1', 0))
        return str(listener.getsockname()[1])


@pytest.fixture
def in_two(tmp_path):
    """Returns a function that runs a tool in two processes over gloo, as torchrun starts them."""
    log = tmp_path / 'log'

    def run(name, *argv):
        common = dict(WORLD_SIZE='2', MASTER_ADDR='127.0.0.1', MASTER_PORT=free_port(), log=log)
        argv = (*argv, '--launcher', 'pytorch')
        both = [start_tool(name, *argv, RANK=rank, LOCAL_RANK=rank, **common) for rank in '01']
        for process in both:
            finish(process, log)

    return run


def draws(work):
    """Returns for each iteration the images and random numbers of both processes."""
    ranks = [(work / f'draws{rank}.jsonl').read_text().splitlines() for rank in (0, 1)]
    return [[json.loads(line) for line in pair] for pair in zip(*ranks, strict=True)]


def check_draws(drawn):
    """Images are shared out, four to an epoch of the data; random numbers are not shared."""
    for (names, numbers), (others, other_numbers) in drawn:
        assert len({*names, *others}) == 4
        assert not {*numbers} & {*other_numbers}


def test_two_processes_train_score_and_resume_to_the_same_bits(
    run_tool, write_config, in_two, tmp_path
):
    """The first run is started by the script, SyncBN is in the config."""
    config, straight, resumed = write_config(RECORDED), tmp_path / 'straight', tmp_path / 'resumed'
    settings = ('--deterministic', '--work-dir')
    code, output = call(
        *('tools/dist_train.sh', config, 2, *settings, straight),
        MASTER_PORT=free_port(),
        PYTHONPATH=os.pathsep.join([str(ROOT / 'tests' / 'tools'), str(ROOT)]),
    )
    assert code == 0, output[-3000:]
    assert 'Distributed training: True' in output and 'GPU number: 2' in output
    assert len(draws(straight)) == 4
    check_draws(draws(straight))

    record = ('--record', tmp_path / 'record.json')
    in_two('train', config, *settings, resumed, *record, '--cfg-options', 'train_cfg.max_iters=2')
    assert json.loads(record[1].read_text())['schedule']['batch_size'] == 4  # of both
    in_two('train', config, *settings, resumed, '--resume')
    states = [trained_state(work / 'iter_4.pth') for work in (straight, resumed)]
    assert differences(*states) == []
    assert draws(straight) == draws(resumed)

    in_two('test', config, straight / 'iter_4.pth', '--out', tmp_path / 'two')
    code, _, err = run_tool('test', config, straight / 'iter_4.pth', '--out', tmp_path / 'one')
    assert code == 0, err
    files = [tmp_path / name / 'scores.json' for name in ('one', 'two')]
    one, two = (json.loads(file.read_text())['scores'] for file in files)
    assert one == two


def test_processes_of_a_plain_run_draw_other_numbers(write_config, in_two, tmp_path):
    in_two('train', write_config(RECORDED), '--cfg-options', 'train_cfg.max_iters=2')
    assert len(draws(tmp_path / 'work')) == 2
    check_draws(draws(tmp_path / 'work'))


def test_slurm_script_asks_srun_for_the_gpus(tmp_path):
    """A stand-in prints its words; the tests of document commands read those of the tool."""
    srun = tmp_path / 'srun'
    srun.write_text('#!/usr/bin/env bash\nprintf "%s\\n" "$@"\n')
    srun.chmod(0o755)
    path = f'{tmp_path}{os.pathsep}{os.environ["PATH"]}'
    code, output = call(
        'tools/slurm_train.sh', 'gpu', 'my job', 'configs/a b.py', '--amp', GPUS='4', PATH=path
    )
    words = output.splitlines()
    assert code == 0
    assert {'--partition=gpu', '--job-name=my job', '--gres=gpu:4', '--ntasks=4'} <= set(words)
    assert words[-5:] == ['tools/train.py', 'configs/a b.py', '--launcher', 'slurm', '--amp']
    code, output = call('tools/slurm_train.sh', 'gpu')
    assert code != 0 and 'usage' in output
