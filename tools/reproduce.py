"""Runs tables of the paper again and sets our figures beside the printed ones."""

import argparse
import sys
import time
from pathlib import Path
from typing import Any

from lkca_mm.command import run_command

import torch

from lkca_mm.console import print_table
from lkca_mm.engine.options import positive
from lkca_mm.errors import ConfigError
from lkca_mm.record import environment
from lkca_mm.reproduce.display import plan_table
from lkca_mm.reproduce.estimate import Estimator, duration, measure_rate, total_seconds
from lkca_mm.reproduce.plan import PlannedRun, plan_runs
from lkca_mm.reproduce.report import build_sections, summary_of, write_report
from lkca_mm.reproduce.run import execute, slots_of, threads_of
from lkca_mm.reproduce.schedules import MEANING, PAPER, SCHEDULES
from lkca_mm.reproduce.selection import experiments_of, select_tables, table_numbers
from lkca_mm.reproduce.workspace import Workspace, command_line

CONFIGS = Path(__file__).parents[1] / 'configs'


def build_parser() -> argparse.ArgumentParser:
    """Returns the tool's arguments."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('tables', nargs='+', metavar='TABLE', help='1 to 7, or all')
    parser.add_argument(
        '--rows', nargs='+', default=[], metavar='ROW', help='printed names or config stems'
    )
    parser.add_argument('--datasets', nargs='+', default=[], metavar='DATASET')
    parser.add_argument(
        '--schedule',
        choices=SCHEDULES,
        default=PAPER,
        help='paper: as printed; short: 5 passes or 2,000 iterations; smoke: a few iterations on '
        'generated data (default: paper)',
    )
    parser.add_argument('--seeds', type=positive, default=1, metavar='N', help='seeds 0 to N-1')
    parser.add_argument(
        '--jobs', type=positive, metavar='J', help='runs at a time (default: one, or one a GPU)'
    )
    parser.add_argument('--gpus', metavar='0,1,...', help='the GPUs that runs take turns on')
    parser.add_argument('--amp', action='store_true', help='mixed precision')
    parser.add_argument(
        '--work-dir',
        type=Path,
        default=Path('work_dirs/reproduce'),
        help='records, logs and checkpoints of the runs (default: work_dirs/reproduce)',
    )
    parser.add_argument(
        '--out',
        type=Path,
        default=Path('results'),
        metavar='DIR',
        help='where report.txt, .json and .html go (default: results)',
    )
    parser.add_argument('--dry-run', action='store_true', help='print the plan and stop')
    return parser


def read_gpus(text: str | None) -> list[str]:
    """Returns the GPUs that ``--gpus`` names.

    Raises:
        ConfigError: If it names none, or there is none.
    """
    if text is None:
        return []
    gpus = [word.strip() for word in text.split(',') if word.strip()]
    if not gpus:
        raise ConfigError(f'--gpus {text!r}: names no GPU; write numbers with commas, as 0,1')
    if not torch.cuda.is_available():
        raise ConfigError(f'--gpus {text}: PyTorch sees no CUDA device; leave --gpus out')
    return gpus


def show_plan(
    args: argparse.Namespace, plan: list[PlannedRun], estimator: Estimator, jobs: int
) -> None:
    """Prints every run with its estimated time, and the time of all."""
    print_table(plan_table(plan, estimator, f'schedule {args.schedule}: {MEANING[args.schedule]}'))
    left = [estimator.seconds(planned) for planned in plan]
    todo = sum(seconds > 0 for seconds in left)
    total = duration(total_seconds([], left, jobs))
    print(
        f'{todo} of {len(plan)} runs to do, {jobs} at a time; estimated {total} '
        f'({estimator.describe()})'
    )


def describe_call(args: argparse.Namespace, jobs: int) -> dict[str, Any]:
    """Returns what the report says of how it came about."""
    return {
        'command': command_line(sys.argv),
        'environment': environment('cuda' if torch.cuda.is_available() else 'cpu'),
        'settings': {
            'tables': args.tables,
            'rows': args.rows,
            'datasets': args.datasets,
            'schedule': args.schedule,
            'seeds': args.seeds,
            'jobs': jobs,
            'gpus': args.gpus,
            'amp': args.amp,
        },
        'time': time.strftime('%Y-%m-%d %H:%M:%S %z'),
    }


def main(args: argparse.Namespace) -> int:
    """Plans, runs and reports; returns 1 if a run failed."""
    tables = select_tables(table_numbers(args.tables), args.rows, args.datasets)
    gpus = read_gpus(args.gpus)
    jobs = args.jobs or max(1, len(gpus))
    on_gpu = torch.cuda.is_available()
    workspace = Workspace(args.work_dir, CONFIGS, args.schedule, args.amp, on_gpu)
    plan = plan_runs(experiments_of(tables, CONFIGS), args.seeds, workspace)
    # Importing everything is most of what a run does before its first iteration, and this
    # process has done no more than that so far.
    startup = time.process_time()
    estimator = Estimator(measure_rate(threads_of(jobs), on_gpu, args.amp), startup)
    for planned in plan:
        if planned.done:
            estimator.learn(planned)
    show_plan(args, plan, estimator, jobs)
    if args.dry_run:
        return 0
    try:
        results = execute(plan, slots_of(jobs, gpus), estimator)
    except KeyboardInterrupt:
        print(f'interrupted; to go on: {command_line(sys.argv)}', file=sys.stderr)
        return 130
    sections = build_sections(tables, results, CONFIGS, args.schedule)
    for section in sections:
        print_table(section.table.rich())
    paths = write_report(args.out, sections, results, describe_call(args, jobs))
    print(f'{summary_of(results)} Written: {", ".join(map(str, paths))}')
    return int(any(result.state == 'failed' for result in results))


if __name__ == '__main__':
    sys.exit(run_command(build_parser(), main))
