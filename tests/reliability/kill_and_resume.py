"""Kills a run again and again, resumes it each time, and compares it with one that ran through.

python tests/reliability/kill_and_resume.py [--kills 50] [--seed 0] [--task segmentation]
"""

import argparse
import random
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from runs import WRITERS, differences, start, trained_state

OPTIONS = ('--deterministic', '--seed', '1')


def _wait(run, work_dir, generator):
    """Waits for a moment to kill a run at, one drawn at random."""
    kind = generator.choice(('starting', 'training', 'training', 'saving'))
    if kind == 'starting':
        time.sleep(generator.uniform(0, 3))
        return
    pointer, last, seen = work_dir / 'last_checkpoint', None, 0
    saves = generator.choice((1, 1, 2))

    def has_saved():
        nonlocal last, seen
        now = pointer.stat().st_mtime_ns if pointer.exists() else None
        seen, last = seen + (last is not None and now != last), now
        return seen >= saves

    run.wait_for(has_saved)
    if kind == 'saving':
        run.wait_for(lambda: any(work_dir.glob('*.part')), pause=0)
    else:
        time.sleep(generator.uniform(0, 0.2))


def _doing(run, work_dir):
    """Returns what a run was doing when it was killed."""
    if any(work_dir.glob('*.part')):
        return 'while saving'
    return 'while training' if '(train)' in run.output else 'before it logged an iteration'


def kill_and_resume(config, work_dir, kills, seed=0):
    """Runs a config to its end through a number of kills.

    Returns:
        How many kills were made, of what kind, and the last run.
    """
    generator = random.Random(seed)
    log, moments = work_dir.with_suffix('.log'), Counter()
    while True:
        run = start(
            'train', config, '--work-dir', work_dir, *OPTIONS, '--resume', 'auto', log=log
        )  # fmt: skip
        if sum(moments.values()) == kills:
            run.wait()
            return moments, run
        _wait(run, work_dir, generator)
        if not run.kill():
            return moments, run
        moments[_doing(run, work_dir)] += 1


def compare(task, kills, folder, iterations, seed=0):
    """Trains once through and once through kills; returns moments, last run and differences."""
    folder = Path(folder)
    config = WRITERS[task](folder, iterations)
    straight = start('train', config, '--work-dir', folder / 'straight', *OPTIONS,
                     log=folder / 'straight.log')  # fmt: skip
    if straight.wait() != 0:
        raise RuntimeError(straight.output[-3000:])
    moments, run = kill_and_resume(config, folder / 'killed', kills, seed)
    if run.wait() != 0:
        raise RuntimeError(run.output[-3000:])
    last = (folder / 'straight' / 'last_checkpoint').read_text()
    name = Path(last).name
    found = differences(*(trained_state(folder / way / name) for way in ('straight', 'killed')))
    return moments, run, found


def main():
    """Prints what was killed and whether anything differs; 1 if so."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--kills', type=int, default=50)
    parser.add_argument('--seed', type=int, default=0)
    parser.add_argument('--task', choices=[*WRITERS, 'both'], default='both')
    args = parser.parse_args()
    failed = False
    for task in WRITERS if args.task == 'both' else [args.task]:
        with tempfile.TemporaryDirectory() as folder:
            begin = time.monotonic()
            # Each run gets some ten iterations further, so the last one has work left.
            iterations = 18 * max(2, args.kills * 12 // 18)
            moments, _, found = compare(task, args.kills, folder, iterations, args.seed)
            kills = sum(moments.values())
            kinds = ', '.join(f'{count} {kind}' for kind, count in moments.most_common())
            print(
                f'{task}: {iterations} iterations, {kills} kills ({kinds}), '
                f'{len(found)} differences in weights, averages, optimiser, schedule and losses, '
                f'{time.monotonic() - begin:.0f} s'
            )
            print(*found[:10], sep='\n', end='\n' if found else '')
            failed = failed or bool(found) or kills < args.kills
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
