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
    iteration = int(re.search(r'interrupted_iter_(\d+).pth', saved[1])[1])
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


def test_second_interrupt_ends_at_once():
    """Without a runner: the hook's own state, driven by hand."""
    from lkca_mm.engine import InterruptHook

    before = signal.getsignal(signal.SIGINT)
    try:
        hook = InterruptHook()
        with pytest.raises(KeyboardInterrupt):  # nothing to save yet
            signal.raise_signal(signal.SIGINT)
        hook.before_train(None)
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)  # torchrun's echo of the same key
        hook._requested_at -= 10
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    finally:
        signal.signal(signal.SIGINT, before)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def test_two_processes_train_and_score(run_tool, write_config, tmp_path):
    """Over gloo on the CPU, SyncBN in the config; scores equal those of one process."""
    config = write_config()
    code, output = call('tools/dist_train.sh', config, 2, '--seed', 1, MASTER_PORT=free_port())
    assert code == 0, output[-3000:]
    assert 'Distributed training: True' in output
    assert 'GPU number: 2' in output
    checkpoint = tmp_path / 'work' / 'iter_4.pth'
    code, output = call(
        'tools/dist_test.sh',
        config,
        checkpoint,
        2,
        '--out',
        tmp_path / 'two',
        MASTER_PORT=free_port(),
    )
    assert code == 0, output[-3000:]
    code, _, err = run_tool('test', config, checkpoint, '--out', tmp_path / 'one')
    assert code == 0, err
    scores = [
        json.loads((tmp_path / name / 'scores.json').read_text())['scores']
        for name in ('one', 'two')
    ]
    assert scores[0] == scores[1]


def test_slurm_script(tmp_path):
    """Its syntax, and what it asks of srun, with a stand-in that prints its words."""
    assert call('bash', '-n', 'tools/slurm_train.sh')[0] == 0
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


def test_distributed_scripts_print_their_usage():
    for script in ('dist_train.sh', 'dist_test.sh'):
        assert call('bash', '-n', f'tools/{script}')[0] == 0
        code, output = call(f'tools/{script}')
        assert code != 0
        assert 'usage' in output


def test_import_is_light():
    """Under 1.5 s beyond torch and mmengine."""
    program = (
        'import time, torch, mmengine, mmengine.model, mmengine.runner\n'
        'begin = time.process_time()\n'
        'import lkca_mm\n'
        'print(time.process_time() - begin)\n'
    )
    seconds = [float(call(sys.executable, '-c', program)[1].split()[-1]) for _ in range(2)]
    assert min(seconds) < 1.5


def test_no_file_of_ours_needs_compiled_operators():
    """`mmcv.ops` is imported nowhere, so a build of mmcv without it will do."""
    for folder in ('lkca_mm', 'tools', 'configs'):
        for path in (ROOT / folder).rglob('*.py'):
            for node in ast.walk(ast.parse(path.read_text(encoding='utf-8'))):
                names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
                if isinstance(node, ast.ImportFrom):
                    names = [f'{node.module}.{alias.name}' for alias in node.names]
                assert not any(name.startswith('mmcv.ops') for name in names), path
