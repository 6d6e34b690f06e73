"""What needs processes of its own: Ctrl-C, several workers, the cluster script."""

import ast
import json
import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from checks import differences, trained_state

ROOT = Path(__file__).parents[2]
ENVIRONMENT = dict(os.environ, PYTHON=sys.executable, OMP_NUM_THREADS='1')


def free_port():
    with socket.socket() as listener:
        listener.bind(('127.0.0.1', 0))
        return str(listener.getsockname()[1])


def call(*command, **environment):
    """Runs a command to its end; returns exit code and all output."""
    done = subprocess.run(
        [str(word) for word in command],
        env=ENVIRONMENT | environment,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=240,
    )
    return done.returncode, done.stdout


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM], ids=lambda n: n.name)
def test_interrupt_leaves_a_checkpoint_to_go_on_from(run_tool, write_config, tmp_path, number):
    """The signal reaches the data worker too, as a Ctrl-C in a terminal does."""
    config = write_config('train_cfg = dict(max_iters=100000, val_interval=100000)')
    process = subprocess.Popen(
        [
            sys.executable,
            'tools/train.py',
            config,
            '--amp',
            '--cfg-options',
            'train_dataloader.num_workers=1',
            '--cfg-options',
            'randomness.seed=7',
        ],
        env=ENVIRONMENT,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    lines = []
    for line in process.stdout:
        lines.append(line)
        if 'Iter(train) [     5/' in line:
            os.killpg(process.pid, number) if number == signal.SIGINT else process.send_signal(
                number
            )
            break
    rest, _ = process.communicate(timeout=60)
    output = ''.join(lines) + rest
    assert process.returncode == 130, output[-2000:]
    assert 'Traceback' not in output
    saved = re.search(r'interrupted; saved (\S+); to go on: (.+)', output)
    assert saved, output[-2000:]
    iteration = int(re.search(r'iter_(\d+).pth', saved[1])[1])
    checkpoint = torch.load(saved[1], map_location='cpu', weights_only=False)
    assert checkpoint['meta']['iter'] == iteration
    steps = {state['step'].item() for state in checkpoint['optimizer']['state'].values()}
    assert steps == {float(iteration)}

    command = saved[2].split()
    assert command[:2] == ['python', 'tools/train.py']
    given = ['--amp', '--cfg-options', 'train_dataloader.num_workers=1', 'randomness.seed=7']
    assert command[-5:] == [*given, '--resume']
    options = ('--cfg-options', f'train_cfg.max_iters={iteration + 1}')
    code, out, err = run_tool('train', *command[2:], *options)
    assert code == 0, err
    assert re.findall(r'Iter\(train\) \[\s*(\d+)/', out) == [str(iteration + 1)]


RECORDER = """
import json
import os
import random

import numpy as np
import torch
from mmengine.hooks import Hook
from mmengine.registry import HOOKS


@HOOKS.register_module()
class DrawRecorder(Hook):
    priority = 'LOWEST'

    def before_train_iter(self, runner, batch_idx, data_batch):
        names = [os.path.basename(sample.img_path) for sample in data_batch['data_samples']]
        draws = [random.random(), np.random.random(), torch.rand(()).item()]
        with open(os.path.join(runner.work_dir, f'draws{runner.rank}.jsonl'), 'a') as file:
            file.write(json.dumps([names, draws]) + chr(10))
"""
DISTRIBUTED = """
custom_imports = dict(imports=['lkca_mm', 'draw_recorder'], allow_failed_imports=False)
custom_hooks = [dict(type='IterationSeedHook'), dict(type='DrawRecorder')]
"""


@pytest.fixture
def train_in_two(write_config, tmp_path):
    """Returns a function that trains the small config in two processes over gloo."""
    (tmp_path / 'draw_recorder.py').write_text(RECORDER)
    path = f'{tmp_path}{os.pathsep}{ROOT}'

    def train(work, *arguments):
        config = write_config(DISTRIBUTED)
        command = ('tools/dist_train.sh', config, 2, '--work-dir', tmp_path / work, *arguments)
        code, output = call(*command, MASTER_PORT=free_port(), PYTHONPATH=path)
        assert code == 0, output[-3000:]
        assert 'Distributed training: True' in output and 'GPU number: 2' in output
        return tmp_path / work / 'iter_4.pth'

    return train


def draws(work, rank):
    return [json.loads(line) for line in (work / f'draws{rank}.jsonl').read_text().splitlines()]


def test_two_processes_train_and_score(run_tool, train_in_two, write_config, tmp_path):
    """SyncBN in the config; other random numbers in each; scores equal those of one process."""
    checkpoint = train_in_two('plain', '--seed', '1')
    first, second = (draws(checkpoint.parent, rank) for rank in (0, 1))
    assert len(first) == len(second) == 4
    for (names, numbers), (others, other_numbers) in zip(first, second, strict=True):
        # The order of the data is shared: together they see each of the four images once.
        assert len({*names, *others}) == 4
        assert not {*numbers} & {*other_numbers}
    config = write_config()
    code, output = call(
        *('tools/dist_test.sh', config, checkpoint, 2, '--out', tmp_path / 'two'),
        MASTER_PORT=free_port(),
    )
    assert code == 0, output[-3000:]
    code, _, err = run_tool('test', config, checkpoint, '--out', tmp_path / 'one')
    assert code == 0, err
    one, two = (
        json.loads((tmp_path / name / 'scores.json').read_text())['scores']
        for name in ('one', 'two')
    )
    assert one == two


def test_two_processes_resume_to_the_same_bits(train_in_two, tmp_path):
    straight = train_in_two('straight', '--deterministic')
    train_in_two('resumed', '--deterministic', '--cfg-options', 'train_cfg.max_iters=2')
    resumed = train_in_two('resumed', '--deterministic', '--resume')
    assert differences(trained_state(straight), trained_state(resumed)) == []
    for rank in (0, 1):
        assert draws(straight.parent, rank) == draws(resumed.parent, rank)


def test_slurm_script(tmp_path):
    """Its syntax, and what it asks of srun, with a stand-in that prints its words."""
    for name in ('slurm_train', 'dist_train', 'dist_test'):
        assert call('bash', '-n', f'tools/{name}.sh')[0] == 0
    srun = tmp_path / 'srun'
    srun.write_text('#!/usr/bin/env bash\nprintf "%s\\n" "$@"\n')
    srun.chmod(0o755)
    path = f'{tmp_path}{os.pathsep}{os.environ["PATH"]}'
    code, output = call(
        'tools/slurm_train.sh', 'gpu', 'my job', 'configs/a b.py', '--amp', GPUS='4', PATH=path
    )
    assert code == 0
    words = output.splitlines()
    assert '--partition=gpu' in words
    assert '--job-name=my job' in words
    assert '--gres=gpu:4' in words and '--ntasks=4' in words
    assert words[-5:] == ['tools/train.py', 'configs/a b.py', '--launcher', 'slurm', '--amp']
    code, output = call('tools/slurm_train.sh', 'gpu')
    assert code != 0
    assert 'usage' in output


def test_no_file_of_ours_needs_compiled_operators():
    """`mmcv.ops` is imported nowhere, so a build of mmcv without it will do."""
    for folder in ('lkca_mm', 'tools', 'configs'):
        for path in (ROOT / folder).rglob('*.py'):
            for node in ast.walk(ast.parse(path.read_text(encoding='utf-8'))):
                names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
                if isinstance(node, ast.ImportFrom):
                    names = [f'{node.module}.{alias.name}' for alias in node.names]
                assert not any(name.startswith('mmcv.ops') for name in names), path
