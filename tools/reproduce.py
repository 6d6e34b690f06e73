"""Runs tables of the paper again and sets our figures beside the printed ones."""

import argparse
import sys
from pathlib import Path


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
        choices=['paper', 'short', 'smoke'],
        default='paper',
        help='paper: as printed; short: 5 passes or 2,000 iterations; smoke: a few iterations on '
        'random images (default: paper)',
    )
    parser.add_argument('--seeds', type=int, default=1, metavar='N', help='seeds 0 to N-1')
    parser.add_argument(
        '--jobs', type=int, metavar='J', help='runs at a time (default: one, or one a GPU)'
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
    parser.add_argument('--debug', action='store_true', help='show the traceback of an error')
    return parser


def main(args: argparse.Namespace) -> int:
    """Plans, runs and reports; returns 1 if a run failed."""
    import torch

    from lkca_mm.paper.page import write_report
    from lkca_mm.paper.reproduce import SCHEDULES, plan_jobs, run_jobs, select_tables

    tables = select_tables(args.tables, args.rows, args.datasets)
    gpus, on_gpu = (args.gpus or '').split(',') if args.gpus else [], torch.cuda.is_available()
    places = args.jobs or max(1, len(gpus))
    root = args.work_dir / (f'{args.schedule}-amp' if args.amp else args.schedule)
    jobs = plan_jobs(tables, args.seeds, args.schedule, root)
    print(f'schedule {args.schedule}: {SCHEDULES[args.schedule]}')
    for job in jobs:
        print(f'  {job.name}: {job.state}')
    print(f'{len(jobs)} runs, {places} at a time')
    if args.dry_run:
        return 0
    run_jobs(jobs, places, gpus, args.amp, on_gpu)
    names = ('tables', 'rows', 'datasets', 'schedule', 'seeds', 'gpus', 'amp')
    settings = {name: getattr(args, name) for name in names} | {'jobs': places}
    for table in write_report(args.out, tables, jobs, settings, 'cuda' if on_gpu else 'cpu'):
        print(f'\n{table.name}\n\n{table.markdown(aligned=True)}')
    failed = sum(job.state == 'failed' for job in jobs)
    print(f'\n{len(jobs) - failed} of {len(jobs)} runs done; see {args.out}/report.html')
    return int(failed > 0)


if __name__ == '__main__':
    args = build_parser().parse_args()
    from lkca_mm.command import run_tool

    sys.exit(run_tool(main, args))
