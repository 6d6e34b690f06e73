"""Two processes against one, on the CPU over gloo; and what a job does when one of two dies.

python tests/reliability/distributed.py
"""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import torch
from runs import ROOT, read, start, write_classification

# What a sum over processes can be compared with: no random part in the model, no mixup
# (each process has its own), and a momentum, which after one step is the gradient.
COMPARABLE = """
model['train_cfg'] = None
model['backbone']['drop_path_rate'] = 0.0
optim_wrapper = dict(optimizer=dict(_delete_=True, type='SGD', lr=0.1, momentum=0.9))
param_scheduler = []
custom_hooks = []
default_hooks['checkpoint']['max_keep_ckpts'] = -1
train_dataloader.update(num_workers=0, persistent_workers=False)
"""


def free_port():
    """Returns a port that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(('127.0.0.1', 0))
        return str(listener.getsockname()[1])


def start_ranks(count, *argv, folder):
    """Starts the processes of a job, without a launcher that watches over them."""
    if count == 1:
        return [start(*argv, log=folder / 'rank0of1.log')]
    port = free_port()
    return [
        start(
            *argv, '--launcher', 'pytorch', log=folder / f'rank{rank}of{count}.log',
            RANK=str(rank), LOCAL_RANK=str(rank), WORLD_SIZE=str(count),
            MASTER_ADDR='127.0.0.1', MASTER_PORT=port,
        )
        for rank in range(count)
    ]  # fmt: skip


def run_ranks(count, *argv, folder):
    """Runs a job to its end."""
    for run in start_ranks(count, *argv, folder=folder):
        if run.wait() != 0:
            raise RuntimeError(run.output[-3000:])


def train_alike(folder, text=COMPARABLE):
    """Trains an epoch of 18 batches of 8 with one process and with two.

    Returns:
        The config and, for each number of processes, the gradients of the first step,
        the weights after the last and the scores.
    """
    config = write_classification(folder, 36, interval=1, text=text)
    found = {}
    for count in (1, 2):
        work = folder / f'of{count}'
        options = (f'train_dataloader.batch_size={8 // count}', 'train_cfg.max_epochs=1')
        run_ranks(
            count, 'train', config, '--work-dir', work, '--deterministic',
            '--cfg-options', *options, folder=folder,
        )  # fmt: skip
        state = read(work / 'iter_1.pth')['optimizer']['state']
        run_ranks(
            count, 'test', config, folder / 'of1' / 'iter_18.pth', '--work-dir', work,
            '--out', work / 'scores', folder=folder,
        )  # fmt: skip
        found[count] = (
            [state[number]['momentum_buffer'] for number in sorted(state)],
            list(read(work / 'iter_18.pth')['state_dict'].values()),
            json.loads((work / 'scores' / 'scores.json').read_text())['scores'],
        )
    return config, found


def largest_difference(one, other):
    """Returns the largest difference of any number, relative to the largest of its tensor."""
    return max(
        ((a - b).abs().max() / a.abs().max().clamp_min(1e-12)).item()
        for a, b in zip(one, other, strict=True)
        if a.is_floating_point()
    )


def ranks_of(launcher):
    """Returns the processes that a launcher has started, by their rank."""
    found = {}
    children = Path(f'/proc/{launcher}/task/{launcher}/children').read_text().split()
    for child in children:
        environment = Path(f'/proc/{child}/environ').read_bytes().split(b'\0')
        for entry in environment:
            if entry.startswith(b'RANK='):
                found[int(entry[5:])] = int(child)
    return found


def kill_a_rank(folder, rank):
    """Kills one of two under ``tools/dist_train.sh``; returns seconds, code and output."""
    config = write_classification(folder, 36 * 1000, interval=5)
    log = folder / f'killed{rank}.log'
    with log.open('w') as file:
        launcher = subprocess.Popen(
            ['tools/dist_train.sh', config, '2', '--work-dir', folder / f'killed{rank}'],
            env=dict(os.environ, PYTHON=sys.executable, MASTER_PORT=free_port()),
            cwd=ROOT, stdout=file, stderr=subprocess.STDOUT,
        )  # fmt: skip
        while 'Saving checkpoint at 10 ' not in log.read_text():
            if launcher.poll() is not None:
                raise RuntimeError(log.read_text()[-3000:])
            time.sleep(0.05)
        os.kill(ranks_of(launcher.pid)[rank], signal.SIGKILL)
        begin = time.monotonic()
        code = launcher.wait()
    return time.monotonic() - begin, code, log.read_text()


def main():
    """Prints what was found; 1 if something is not as it should be."""
    failed = False
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        _, found = train_alike(folder)
        gradients, weights = (largest_difference(found[1][i], found[2][i]) for i in (0, 1))
        same = found[1][2] == found[2][2]
        print(
            f'2 processes of batch 4 against 1 of batch 8: gradients differ by {gradients:.1e}, '
            f'weights after 18 steps by {weights:.1e}, scores are {"the same" if same else found}'
        )
        failed = gradients > 1e-5 or weights > 1e-4 or not same
        for rank in (0, 1):
            seconds, code, output = kill_a_rank(folder, rank)
            named = re.search(rf'rank\s*: {rank} .*', output)
            print(
                f'rank {rank} killed: the job ended after {seconds:.1f} s with exit code {code}, '
                f'and says {named[0] if named else "nothing of a rank"!r}'
            )
            failed = failed or seconds > 60 or code == 0 or not named
        run = start(
            'train', folder / 'classification.py', '--work-dir', folder / 'killed1', '--resume',
            '--cfg-options', 'train_cfg.max_epochs=2', log=folder / 'alone.log',
        )  # fmt: skip
        code = run.wait()
        resumed = re.search(r'resumed epoch: .*', run.output)
        print(f'resumed with 1 process instead of 2: exit code {code}, {resumed and resumed[0]}')
        failed = failed or code != 0
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
