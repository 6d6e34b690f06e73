"""Gives the tools bad input by the thousand and counts what they make of it.

python tests/reliability/mutate.py [--kind configs] [--count 1000] [--seed 0] [--jobs 2]
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

from mutations import KINDS, LOG, make_material, try_kind
from mutations.case import REFUSED, UNHANDLED, WORKED


def build_parser():
    """Returns the arguments."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--kind', choices=[*KINDS, 'all'], default='all')
    parser.add_argument('--count', type=int, default=1000, help='cases of each kind')
    parser.add_argument('--seed', type=int, default=0)
    parser.add_argument('--first', type=int, default=0, help='the number of the first case')
    parser.add_argument('--jobs', type=int, default=2, help='cases at a time')
    parser.add_argument('--limit', type=float, default=60.0, help='seconds that a case may take')
    parser.add_argument('--keep', type=Path, help='keep the folders of unhandled cases here')
    parser.add_argument('--verbose', action='store_true', help='print every verdict')
    return parser


def show(verdict):
    """Prints a verdict with what repeats it."""
    case = verdict.case
    print(
        f'{case.kind} {case.number}: {verdict.outcome} after {verdict.seconds:.1f} s: {case.what}'
    )
    if verdict.reason:
        print(f'  {verdict.reason}')
    if verdict.outcome == UNHANDLED:
        print(f'  in {case.folder}: {case.command!a}')
        log = case.folder / LOG
        printed = log.read_text(errors='replace').strip().splitlines() if log.exists() else []
        print(*(f'  | {line[:200]}' for line in printed[-4:]), sep='\n')
    sys.stdout.flush()


def main():
    """Prints a row a kind; returns 1 if a case was unhandled."""
    args = build_parser().parse_args()
    kinds = list(KINDS) if args.kind == 'all' else [args.kind]
    numbers, unhandled = range(args.first, args.first + args.count), 0
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        tasks = make_material(folder / 'material')
        cases = args.keep or folder / 'cases'
        print(f'seed {args.seed}, cases {numbers.start} to {numbers.stop - 1}')
        print(
            f'{"kind":15}{"tried":>7}{WORKED:>8}{REFUSED:>9}{UNHANDLED:>11}{"slowest":>9}{"all":>8}'
        )
        for kind in kinds:
            begin = time.monotonic()
            counts, verdicts = try_kind(
                kind, numbers, args.seed, tasks, cases, args.jobs, args.limit
            )
            for verdict in verdicts:
                if args.verbose or verdict.outcome == UNHANDLED:
                    show(verdict)
            slowest = max(verdict.seconds for verdict in verdicts)
            print(
                f'{kind:15}{len(verdicts):7}{counts[WORKED]:8}{counts[REFUSED]:9}'
                f'{counts[UNHANDLED]:11}{slowest:8.1f}s{time.monotonic() - begin:7.0f}s',
                flush=True,
            )
            unhandled += counts[UNHANDLED]
    return 1 if unhandled else 0


if __name__ == '__main__':
    sys.exit(main())
