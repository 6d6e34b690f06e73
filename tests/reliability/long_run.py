"""Trains a tiny model for long and watches what grows: memory, open files, logs, checkpoints.

python tests/reliability/long_run.py [--iterations 20000]
"""

import argparse
import re
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from runs import start, write_segmentation

_EVERY = 50  # iterations between two lines of the log


@dataclass
class Growth:
    """What a run takes.

    Attributes:
        memory: Resident MiB by iteration.
        files: Open files by iteration.
        log_bytes: All that is written but checkpoints, for each line of the log.
        checkpoints: Names of those that are left, the best one not among them.
        seconds: How long it took.
    """

    memory: dict[int, float]
    files: dict[int, int]
    log_bytes: float
    checkpoints: list[str]
    seconds: float

    def memory_growth(self, warm_up):
        """Returns by which part the highest memory after a warm-up is above that at its end."""
        at = min(iteration for iteration in self.memory if iteration >= warm_up)
        return max(self.memory[i] for i in self.memory if i >= at) / self.memory[at] - 1

    def file_growth(self, warm_up):
        """Returns how many files more stay open at the end than after a warm-up.

        A checkpoint, a validation or a call of git opens some for a moment, so it is the
        fewest of some time that count.
        """
        last = max(self.files)
        early = [self.files[i] for i in self.files if warm_up <= i <= 2 * warm_up]
        late = [self.files[i] for i in self.files if last - warm_up <= i]
        return min(late) - min(early)


def long_run(folder, iterations):
    """Trains, scores every tenth and saves every twentieth part of the way; returns a Growth."""
    text = f"""
default_hooks['logger']['interval'] = {_EVERY}
default_hooks['checkpoint']['save_best'] = None
train_cfg['val_interval'] = {iterations} // 10
"""
    config = write_segmentation(folder, iterations, interval=iterations // 20, text=text)
    begin = time.monotonic()
    work = folder / 'work'
    run = start('train', config, '--work-dir', work, log=folder / 'printed.log')
    memory, files = {}, {}
    process = Path(f'/proc/{run.process.pid}')
    while run.process.is_alive():
        reached = re.findall(r'Iter\(train\) \[ *(\d+)/', run.output)
        if reached:
            try:
                status = (process / 'status').read_text()
                count = len(list((process / 'fd').iterdir()))
            except OSError:  # it has just ended
                break
            resident = re.search(r'VmRSS:\s+(\d+)', status)
            if resident:
                memory[int(reached[-1])] = int(resident[1]) / 1024
                files[int(reached[-1])] = count
        time.sleep(0.2)
    if run.wait() != 0:
        raise RuntimeError(run.output[-3000:])
    written = sum(
        path.stat().st_size for path in work.rglob('*') if path.is_file() and path.suffix != '.pth'
    )
    return Growth(
        memory,
        files,
        written / (iterations / _EVERY),
        sorted(path.name for path in work.glob('*.pth')),
        time.monotonic() - begin,
    )


def main():
    """Prints what grew; 1 if anything did that should not."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--iterations', type=int, default=20_000)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        growth = long_run(Path(folder), args.iterations)
    warm_up = args.iterations // 10
    memory, files = growth.memory_growth(warm_up), growth.file_growth(warm_up)
    last = growth.memory[max(growth.memory)]
    print(
        f'{args.iterations} iterations in {growth.seconds:.0f} s: memory {last:.0f} MiB at the '
        f'end, at most {memory:+.1%} since iteration {warm_up}; {files:+d} open files; logs and '
        f'curves {growth.log_bytes:.0f} bytes a line of the log; '
        f'left are {", ".join(growth.checkpoints)}'
    )
    kept = [f'iter_{args.iterations - args.iterations // 20}.pth', f'iter_{args.iterations}.pth']
    steady = memory < 0.02 and files <= 0 and growth.log_bytes < 1500
    return 0 if steady and growth.checkpoints == sorted(kept) else 1


if __name__ == '__main__':
    sys.exit(main())
