"""Measures speed: `op` times the operator's backends beside self-attention."""

import argparse
import shlex
import sys

from lkca_mm.command import run_command

import torch
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from lkca_mm.benchmark.op import BACKENDS, DEFAULT_CASES, OpCase, benchmark_op
from lkca_mm.errors import ConfigError
from lkca_mm.record import environment, write_record

DTYPES = {'fp32': torch.float32, 'bf16': torch.bfloat16, 'fp16': torch.float16}


def parse_case(text: str) -> OpCase:
    """Reads ``GRID,CHANNELS,BATCH``.

    Raises:
        ConfigError: If ``text`` is something else.
    """
    try:
        grid, channels, batch = (int(part) for part in text.split(','))
    except ValueError:
        raise ConfigError(f'--case {text}: write GRID,CHANNELS,BATCH, such as 32,384,4') from None
    heads = next(heads for heads in (6, 4, 3, 2, 1) if channels % heads == 0)
    return OpCase(grid, channels, batch, heads)


def run_op(args: argparse.Namespace) -> None:
    """Times the operator, prints a table and writes the JSON."""
    cases = [parse_case(text) for text in args.case] if args.case else list(DEFAULT_CASES)
    results = []
    table = Table(title=f'forward + backward, ms, {args.dtype}, {args.device}', box=SIMPLE)
    for name in ('grid', 'C', 'B', *BACKENDS, 'mhsa', 'x conv2d', 'x mhsa'):
        table.add_column(name, justify='right', no_wrap=True)
    for case in cases:
        result = benchmark_op(case, args.rounds, args.device, DTYPES[args.dtype])
        results.append(result)
        faster = result['times_faster_than'].values()
        table.add_row(
            f'{case.grid}x{case.grid}',
            str(case.channels),
            str(case.batch),
            *(f'{ms:.1f}' for ms in result['milliseconds'].values()),
            *(f'{ratio:.1f}' for ratio in faster),
        )
    # Rich takes a pipe for a terminal of 80 columns and would cut the figures.
    Console(width=None if sys.stdout.isatty() else 110).print(table)
    if args.out:
        settings = {'rounds': args.rounds, 'dtype': args.dtype, 'seed': 0}
        record = {
            'command': shlex.join(['python', *sys.argv]),
            'environment': environment(args.device),
            'settings': settings,
            'results': results,
        }
        write_record(args.out, record)
        print(f'written to {args.out}')


def build_parser() -> argparse.ArgumentParser:
    """Returns the tool's arguments."""
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(required=True, metavar='WHAT')
    op = commands.add_parser('op', help="the operator's backends beside self-attention")
    op.set_defaults(run=run_op)
    op.add_argument('--case', action='append', metavar='GRID,CHANNELS,BATCH', help='repeatable')
    op.add_argument('--rounds', type=int, default=7, help='counted rounds (default 7)')
    op.add_argument('--device', default='cpu', help='cpu or cuda (default cpu)')
    op.add_argument('--dtype', choices=DTYPES, default='fp32')
    op.add_argument('--out', metavar='FILE', help='write the figures as JSON')
    return parser


def main(args: argparse.Namespace) -> None:
    """Runs the chosen benchmark."""
    if args.device != 'cpu' and not torch.cuda.is_available():
        raise ConfigError(f'--device {args.device}: there is no CUDA device here')
    args.run(args)


if __name__ == '__main__':
    sys.exit(run_command(build_parser(), main))
