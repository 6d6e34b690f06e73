"""Trains into a file system of a few MB until it is full, and goes on when there is room.

python tests/reliability/full_disk.py    (mounts a tmpfs, so it needs to be root)
"""

import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

from runs import start, write_segmentation

from lkca_mm.engine.newest_checkpoint import newest_checkpoint


@contextmanager
def small_disk(folder, size):
    """Gives a block a file system of its own; False where that is not allowed."""
    folder.mkdir()
    command = ['mount', '-t', 'tmpfs', '-o', f'size={size}', 'tmpfs', folder]
    mounted = subprocess.run(command, capture_output=True).returncode == 0
    try:
        yield mounted
    finally:
        if mounted:
            subprocess.run(['umount', folder], check=True)


def main():
    """Prints how the run ended and went on; 1 if something is not as it should be."""
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        text = "default_hooks['checkpoint'].update(max_keep_ckpts=-1, save_best=None)\n"
        config = write_segmentation(folder, 400, interval=2, text=text)
        with small_disk(folder / 'disk', '8m') as mounted:
            if not mounted:
                print('skipped: no tmpfs can be mounted here; the tests limit the size of files')
                return 0
            work = folder / 'disk' / 'work'
            arguments = ('train', config, '--work-dir', work, '--resume')
            run = start(*arguments, log=folder / 'full.log')
            code = run.wait()
            errors = [line for line in run.output.splitlines() if line.startswith('error: ')]
            saved = sorted(work.glob('iter_*.pth'))
            last, checkpoint = newest_checkpoint(work)
            iteration = checkpoint['meta']['iter']
            print(f'full after {len(saved)} checkpoints: exit code {code}, {errors}')
            traceback = 'Traceback' in run.output
            for path in saved[:2]:  # the last one is what it goes on from
                if path != Path(last):
                    path.unlink()
            options = ('--cfg-options', f'train_cfg.max_iters={iteration + 2}')
            again = start(*arguments, *options, log=folder / 'again.log')
            print(f'with room again: exit code {again.wait()}, on from iteration {iteration}')
            whole = newest_checkpoint(work)[1]['meta']['iter'] == iteration + 2
    fine = code == 1 and len(errors) == 1 and not traceback and whole
    return 0 if fine and again.process.exitcode == 0 else 1


if __name__ == '__main__':
    sys.exit(main())
