"""Seeded bad input of five kinds, and how each call of a tool with it ends."""

import random
import shutil
from collections import Counter

from mutations import archives, checkpoints, command_lines, configs, pictures
from mutations.case import UNHANDLED
from mutations.judge import files_of, judge
from mutations.material import make_material
from mutations.sandbox import LOG, run_cases

KINDS = {
    'configs': configs,
    'command_lines': command_lines,
    'pictures': pictures,
    'checkpoints': checkpoints,
    'archives': archives,
}

__all__ = ['KINDS', 'LOG', 'make_case', 'make_material', 'try_kind']


def make_case(kind, number, seed, tasks, folder):
    """Writes the files of a case; the same three give the same case.

    Args:
        kind: One of ``KINDS``.
        number: The number of the case.
        seed: The seed of all cases.
        tasks: What :func:`make_material` returned.
        folder: The folder to make for the case.
    """
    generator = random.Random(f'{kind} {seed} {number}')
    folder.mkdir(parents=True)
    return KINDS[kind].make(generator, number, tasks, folder)


def _changed(path, time):
    return not path.is_file() or path.stat().st_mtime_ns != time


def try_kind(kind, numbers, seed, tasks, folder, jobs=1, limit=60.0):
    """Makes and runs cases.

    Args:
        kind: One of ``KINDS``.
        numbers: The numbers of the cases.
        seed: The seed of all cases.
        tasks: What :func:`make_material` returned.
        folder: Where the cases have their folders; those that are unhandled keep them.
        jobs: How many run at a time.
        limit: Seconds after which a case is killed.

    Returns:
        How many cases had which outcome, and the verdicts of all.

    Raises:
        RuntimeError: If a tool has written to what the cases share.
    """
    before = {}
    shared = {
        path: path.stat().st_mtime_ns
        for task in tasks.values()
        for path in (task.config, task.checkpoint, task.picture)
    }

    def cases():
        for number in numbers:
            place = folder / f'{kind}-{seed}-{number}'
            case = make_case(kind, number, seed, tasks, place)
            before[number] = files_of(place)
            yield case

    verdicts = []
    for case, code, seconds in run_cases(cases(), jobs, limit):
        verdict = judge(case, code, seconds, before.pop(case.number))
        verdicts.append(verdict)
        if verdict.outcome != UNHANDLED:
            shutil.rmtree(case.folder)
        changed = [path for path, time in shared.items() if _changed(path, time)]
        if changed:
            raise RuntimeError(f'{case.command} or its neighbour has changed {changed[0]}')
    return Counter(verdict.outcome for verdict in verdicts), verdicts
