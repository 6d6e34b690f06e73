"""Measures speed: of the operator, of models and of training loops."""

import argparse
import shlex
import sys
from pathlib import Path
from typing import Any


def run_op(args: argparse.Namespace) -> list[dict[str, Any]]:
    """Times the operator's views beside self-attention, each with the bound of its time."""
    from lkca_mm.benchmark.op import DEFAULT_CASES, MODES, OpCase, benchmark_op, sweep_cases

    cases = [OpCase(*case) for case in args.case] or DEFAULT_CASES
    cases, modes = (sweep_cases(args.device), MODES) if args.sweep else (cases, MODES[1:])
    how = (args.rounds, args.device, args.dtype)
    return [benchmark_op(case, *how, mode) for mode in modes for case in cases]


def run_model(args: argparse.Namespace) -> list[dict[str, Any]]:
    """Measures images a second and peak memory of whole models, side by side."""
    from lkca_mm.benchmark.model import benchmark_models
    from lkca_mm.config import load_config, parse_options

    configs = {path: load_config(path, parse_options(args.cfg_options)) for path in args.config}
    how = ((False, True) if both else (False,) for both in (args.amp, args.compile))
    return benchmark_models(configs, args.batch, args.device, *how, args.rounds)


def run_train(args: argparse.Namespace) -> list[dict[str, Any]]:
    """Times the training loop beside the bare training step."""
    from mmengine.device import get_device

    from lkca_mm.benchmark.train import benchmark_train
    from lkca_mm.config import load_config, parse_options
    from lkca_mm.datasets import check_data
    from lkca_mm.engine.launch import enable_amp, set_launcher

    config = load_config(args.config[0], parse_options(args.cfg_options))
    check_data(config, ('train_dataloader',))
    if args.amp:
        enable_amp(config)
    set_launcher(config, 'none')
    args.device = get_device()
    result = benchmark_train(config, args.block, args.rounds, args.device)
    return [{'config': args.config[0], **result}]


def lines_of(result: dict[str, Any]) -> list[dict[str, Any]]:
    """Returns the lines of a result in the table: the operator's have one for each view."""
    if 'roofline' not in result:
        names = {key: Path(result[key]).stem for key in {'config'} & set(result)}
        return [result | names | result.get('microseconds', {})]
    case = {name: result[name] for name in ('grid', 'channels', 'batch', 'mode')}
    auto, lines = result['milliseconds']['auto'], []
    for name, ms in result['milliseconds'].items():
        bound = result['roofline'][name]
        times = {'ms': ms, 'bound': bound, 'ms / bound': ms / bound, 'ms / auto': ms / auto}
        lines.append({**case, 'view': name.replace('bound', 'matmul'), **times})
    return lines


def numbers(text: str) -> tuple[int, ...]:
    """Reads ``32,384,4``."""
    return tuple(map(int, text.split(',')))


def build_parser() -> argparse.ArgumentParser:
    """Returns the tool's arguments."""
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(required=True, metavar='WHAT')
    for run in (run_op, run_model, run_train):
        command = commands.add_parser(run.__name__.removeprefix('run_'), help=run.__doc__)
        command.set_defaults(run=run)
        add = command.add_argument
        if run is run_op:
            add(
                '--case',
                metavar='GRID,CHANNELS,BATCH',
                action='append',
                type=numbers,
                default=[],
                help='side of the grid, channels, images (default: three cases)',
            )
            add('--dtype', choices=('fp32', 'bf16', 'fp16'), default='fp32')
            add('--sweep', action='store_true', help='all grids and widths, both modes')
        elif run is run_model:
            add('--batch', type=int, default=2, help='images in a batch (default 2)')
            add('--compile', action='store_true', help='tools/train.py --compile beside eager')
        else:
            add('--block', type=int, default=20, help='iterations of loop and step in turn (20)')
        if run is not run_op:
            add('config', nargs='+' if run is run_model else 1, metavar='CONFIG')
            add('--amp', action='store_true', help='what tools/train.py --amp runs')
            add('--cfg-options', nargs='+', action='extend', default=[], metavar='KEY=VALUE')
        add('--rounds', type=int, default=5, help='counted rounds (default 5)')
        if run is not run_train:  # which runs where mmengine trains
            add('--device', default='cpu', help='cpu or cuda (default cpu)')
        add('--out', metavar='FILE', help='write the figures as JSON')
        add('--debug', action='store_true', help='show the traceback of an error')
    return parser


def main(args: argparse.Namespace) -> None:
    """Runs the chosen benchmark, prints its figures and keeps them."""
    from rich.console import Console
    from rich.table import Table

    from lkca_mm.record import environment, write_record

    results = args.run(args)
    lines = [line for result in results for line in lines_of(result)]
    columns = dict.fromkeys(key for line in lines for key in line if key != 'microseconds')
    table = Table(*columns)
    for line in lines:
        cells = (line.get(column, '') for column in columns)
        table.add_row(*(f'{cell:.2f}' if isinstance(cell, float) else str(cell) for cell in cells))
    # A pipe is no terminal of 80 columns, which would cut the figures.
    Console(width=None if sys.stdout.isatty() else 160).print(table)
    if args.out:
        command, here = shlex.join(['python', *sys.argv]), environment(args.device)
        settings = {name: value for name, value in vars(args).items() if name != 'run'}
        record = dict(command=command, environment=here, settings=settings, results=results)
        write_record(args.out, record)


if __name__ == '__main__':
    args = build_parser().parse_args()
    from lkca_mm.command import run_tool

    sys.exit(run_tool(main, args))
