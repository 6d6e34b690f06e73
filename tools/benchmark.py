"""Measures speed: of the operator, of models, of training loops and of data pipelines."""

import argparse
import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lkca_mm.command import run_command

import cv2
import torch
from mmengine.logging import MMLogger
from rich.box import SIMPLE
from rich.table import Table

from lkca_mm.benchmark.calibrate import calibrate
from lkca_mm.benchmark.data import benchmark_data
from lkca_mm.benchmark.model import benchmark_models
from lkca_mm.benchmark.op import (
    BACKENDS,
    DEFAULT_CASES,
    MODES,
    OpCase,
    benchmark_op,
    sweep_cases,
)
from lkca_mm.benchmark.plot import plot_op
from lkca_mm.benchmark.plot_bars import plot_data, plot_models, plot_train
from lkca_mm.benchmark.train import PARTS, benchmark_train
from lkca_mm.console import print_table
from lkca_mm.engine.options import add_settings_argument, positive
from lkca_mm.engine.run_config import check_data, enable_amp, load_config, set_launcher
from lkca_mm.errors import ConfigError
from lkca_mm.ops.calibration import calibration_file
from lkca_mm.record import check_replaceable, environment, plain, write_record
from lkca_mm.visualization.figure import check_picture_path

DTYPES = {'fp32': torch.float32, 'bf16': torch.bfloat16, 'fp16': torch.float16}


def parse_numbers(flag: str, text: str, form: str, example: str) -> tuple[int, int, int]:
    """Reads three positive whole numbers.

    Raises:
        ConfigError: If ``text`` is something else.
    """
    try:
        one, two, three = (int(part) for part in text.split(','))
        if min(one, two, three) < 1:
            raise ValueError
    except ValueError:
        raise ConfigError(f'{flag} {text}: write {form}, such as {example}') from None
    return one, two, three


def parse_case(text: str) -> OpCase:
    """Reads ``GRID,CHANNELS,BATCH``.

    Raises:
        ConfigError: If ``text`` is something else.
    """
    grid, channels, batch = parse_numbers('--case', text, 'GRID,CHANNELS,BATCH', '32,384,4')
    heads = next(heads for heads in (6, 4, 3, 2, 1) if channels % heads == 0)
    return OpCase(grid, channels, batch, heads)


def run_op(args: argparse.Namespace) -> None:
    """Times the operator, prints a table, draws a plot and writes the JSON."""
    cases = [parse_case(text) for text in args.case] if args.case else list(DEFAULT_CASES)
    if args.sweep:
        cases = sweep_cases()
    modes = MODES if args.sweep else MODES[1:]
    results = []
    for mode in modes:
        names = (*BACKENDS, 'mhsa', 'bound')
        table = Table(title=f'{mode}, ms, {args.dtype}, {args.device}', box=SIMPLE)
        for name in ('grid', 'C', 'B', *names, 'x conv2d', 'x mhsa', 'x bound', 'auto/best'):
            table.add_column(name, justify='right', no_wrap=True)
        for case in cases:
            result = benchmark_op(case, args.rounds, args.device, DTYPES[args.dtype], mode)
            results.append(result)
            times, faster = result['milliseconds'], result['times_faster_than']
            best = min(times[name] for name in BACKENDS if name in times)
            table.add_row(
                f'{case.grid}x{case.grid}',
                str(case.channels),
                str(case.batch),
                *(f'{times[name]:.1f}' if name in times else '' for name in names),
                *(
                    f'{faster[name]:.1f}' if name in faster else ''
                    for name in ('depthwise conv2d', 'mhsa with SDPA', 'the bound')
                ),
                f'{times["auto"] / best:.2f}',
            )
        print_table(table)
    settings = {'rounds': args.rounds, 'dtype': args.dtype, 'seed': 0}
    keep(args.out, args.device, settings, results)
    trained = [result for result in results if result['mode'] == MODES[1]]
    draw(args.plot, plot_op, trained, f'LKCA, {MODES[1]}, {args.dtype}, {args.device}')


def run_calibrate(args: argparse.Namespace) -> None:
    """Measures which backend is fastest here, and keeps it for ``backend='auto'``."""
    shapes = [
        ((2 * case.grid - 1,) * 2, (case.grid,) * 2, 1, case.channels) for case in sweep_cases()
    ]
    for text in args.kernel:
        kernel, grid, channels = parse_numbers('--kernel', text, 'KERNEL,GRID,CHANNELS', '7,32,384')
        shapes.append(((kernel, kernel), (grid, grid), 1, channels))
    found = calibrate(shapes, args.device, DTYPES[args.dtype])
    table = Table(title=f'ms, {args.dtype}, {args.device}', box=SIMPLE)
    table.add_column('shape', no_wrap=True)
    table.add_column('fastest', no_wrap=True)
    table.add_column('all')
    for shape, times in found.items():
        ordered = sorted(times.items(), key=lambda item: item[1])
        listed = ', '.join(f'{name} {ms:.1f}' for name, ms in ordered)
        table.add_row(shape, ordered[0][0], listed)
    print_table(table)
    print(f'kept in {calibration_file()}')


def run_data(args: argparse.Namespace) -> None:
    """Times training pipelines on one core, prints a table each and writes the JSON."""
    torch.set_num_threads(1)
    cv2.setNumThreads(0)
    results = []
    for path in args.configs:
        config = load_config(path)
        check_data(config, ('train_dataloader',))
        result = benchmark_data(config, args.images, args.rounds)
        results.append({'config': path, **result})
        table = Table(title=path, box=SIMPLE)
        table.add_column('stage', no_wrap=True)
        for name in ('us an image', 'images/s'):
            table.add_column(name, justify='right', no_wrap=True)
        for name, microseconds in result['microseconds'].items():
            table.add_row(name, f'{microseconds:.1f}', f'{1e6 / max(microseconds, 1e-3):,.0f}')
        print_table(table)
        print(f'{result["images_per_second"]:,.0f} images a second on one core, collated')
    keep(args.out, 'cpu', {'rounds': args.rounds, 'images': args.images, 'seed': 0}, results)
    draw(args.plot, plot_data, results, 'Training pipelines on one CPU core')


def run_model(args: argparse.Namespace) -> None:
    """Times models and their memory side by side, prints a table and writes the JSON."""
    MMLogger.get_instance('benchmark', log_level='WARNING')
    precisions = ('fp32', 'bf16') if args.amp else (args.precision,)
    modes = ('eager', 'compile') if args.compile else ('eager',)
    results = benchmark_models(
        {path: load_config(path, args.cfg_options) for path in args.configs},
        args.batch,
        args.device,
        precisions,
        modes,
        args.rounds,
    )
    table = Table(title=f'images/s, batch {args.batch}, {args.device}', box=SIMPLE)
    for name in ('config', 'image', 'type', 'mode'):
        table.add_column(name, no_wrap=True)
    for name in ('training', 'inference', 'peak MiB'):
        table.add_column(name, justify='right', no_wrap=True)
    for result in results:
        table.add_row(
            Path(result['config']).stem,
            'x'.join(map(str, result['image_size'])),
            result['precision'],
            result['mode'],
            f'{result["train_images_per_second"]:.2f}',
            f'{result["infer_images_per_second"]:.2f}',
            f'{result["train_peak_mib"]:.0f}',
        )
    print_table(table)
    settings = {'rounds': args.rounds, 'batch_size': args.batch, 'seed': 0}
    keep(args.out, args.device, settings | plain(args.cfg_options or {}), results)
    draw(args.plot, plot_models, results, f'Models, batch {args.batch}, {args.device}')


def run_train(args: argparse.Namespace) -> None:
    """Times the training loop beside the bare step, prints a table and writes the JSON."""
    if args.block < 2:
        raise ConfigError(f'--block {args.block}: a block needs at least 2 iterations')
    config = load_config(args.config, args.cfg_options)
    check_data(config, ('train_dataloader',))
    if args.amp:
        enable_amp(config)
    set_launcher(config, 'none')
    result = benchmark_train(config, args.block, args.rounds)
    micro = result['microseconds']
    title = f'{Path(args.config).stem}, batch {result["batch_size"]}'
    table = Table(title=title, box=SIMPLE)
    table.add_column('part of an iteration', no_wrap=True)
    table.add_column('us', justify='right', no_wrap=True)
    for name in PARTS:
        table.add_row(name, f'{result["parts"][name]:,.0f}')
    print_table(table)
    print(f'loop {micro["loop"]:,.0f} us, bare step {micro["bare"]:,.0f} us an iteration')
    print(
        f'the loop takes {result["times_bare"]:.3f} times the bare step; '
        f'{100 * result["data_share"]:.1f}% of it waits for data'
    )
    settings = {'rounds': args.rounds, 'amp': args.amp, 'seed': 0}
    device = 'cuda' if torch.cuda.is_available() else 'cpu'
    settings |= plain(args.cfg_options or {})
    results = [{'config': args.config, **result}]
    keep(args.out, device, settings, results)
    draw(args.plot, plot_train, results, f'An iteration of training, {device}')


def draw(
    path: str | None,
    plot: Callable[[list[dict[str, Any]], str, str], None],
    results: list[dict[str, Any]],
    title: str,
) -> None:
    """Draws what was measured, if a file was named.

    After :func:`keep`, which asks whether the checkout is as committed: a plot that
    replaces a committed one changes it.
    """
    if path is None:
        return
    plot(results, title, path)
    print(f'drawn in {path}')


def keep(
    path: str | None, device: str, settings: dict[str, Any], results: list[dict[str, Any]]
) -> None:
    """Writes what was measured as JSON, if a file was named."""
    if path is None:
        return
    record = {
        'command': shlex.join(['python', *sys.argv]),
        'environment': environment(device),
        'settings': settings,
        'results': results,
    }
    write_record(path, record)
    print(f'written to {path}')


def build_parser() -> argparse.ArgumentParser:
    """Returns the tool's arguments."""
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(required=True, metavar='WHAT')
    op = commands.add_parser('op', help="the operator's backends beside self-attention")
    op.set_defaults(run=run_op)
    op.add_argument('--case', action='append', metavar='GRID,CHANNELS,BATCH', help='repeatable')
    op.add_argument('--sweep', action='store_true', help='all grids and widths, both modes')
    op.add_argument('--rounds', type=positive, default=7, help='counted rounds (default 7)')
    op.add_argument('--device', default='cpu', help='cpu or cuda (default cpu)')
    op.add_argument('--dtype', choices=DTYPES, default='fp32')
    add_outputs(op)
    tune = commands.add_parser('calibrate', help="measure what backend='auto' shall pick here")
    tune.set_defaults(run=run_calibrate)
    tune.add_argument('--kernel', action='append', default=[], metavar='KERNEL,GRID,CHANNELS')
    tune.add_argument('--device', default='cpu', help='cpu or cuda (default cpu)')
    tune.add_argument('--dtype', choices=DTYPES, default='fp32')
    data = commands.add_parser('data', help='images a second through a training pipeline')
    data.set_defaults(run=run_data, device='cpu')
    data.add_argument('configs', nargs='+', metavar='CONFIG')
    data.add_argument('--images', type=positive, default=4096, help='images a round (default 4096)')
    data.add_argument('--rounds', type=positive, default=5, help='counted rounds (default 5)')
    add_outputs(data)
    add_model_parser(commands)
    add_train_parser(commands)
    return parser


def add_model_parser(commands: Any) -> None:
    """Adds the arguments of `model`."""
    model = commands.add_parser('model', help='images a second and peak memory of whole models')
    model.set_defaults(run=run_model)
    model.add_argument('configs', nargs='+', metavar='CONFIG')
    model.add_argument('--batch', type=positive, default=2, help='images in a batch (default 2)')
    model.add_argument('--device', default='cpu', help='cpu or cuda (default cpu)')
    model.add_argument('--precision', choices=('fp32', 'bf16'), default='fp32')
    model.add_argument('--amp', action='store_true', help='both: bf16 autocast beside fp32')
    model.add_argument('--compile', action='store_true', help='torch.compile beside eager')
    model.add_argument('--rounds', type=positive, default=5, help='counted rounds (default 5)')
    add_common_arguments(model)


def add_train_parser(commands: Any) -> None:
    """Adds the arguments of `train`."""
    train = commands.add_parser('train', help='the training loop beside the bare training step')
    train.set_defaults(run=run_train, device='cpu')
    train.add_argument('config', metavar='CONFIG')
    train.add_argument(
        '--block', type=int, default=20, help='iterations of loop and bare step in turn (20)'
    )
    train.add_argument(
        '--rounds', type=positive, default=5, help='counted blocks of each (default 5)'
    )
    train.add_argument('--amp', action='store_true', help='mixed precision, as tools/train.py')
    add_common_arguments(train)


def add_common_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds what `model` and `train` have in common."""
    add_outputs(parser)
    add_settings_argument(parser)


def add_outputs(parser: argparse.ArgumentParser) -> None:
    """Adds where the figures go."""
    parser.add_argument('--out', metavar='FILE', help='write the figures as JSON')
    parser.add_argument('--plot', metavar='FILE', help='draw them, .png or .svg')


def main(args: argparse.Namespace) -> None:
    """Runs the chosen benchmark."""
    plot = getattr(args, 'plot', None)
    if plot:
        check_picture_path(plot)
    if getattr(args, 'out', None):
        check_replaceable('--out', args.out, 'results')
    if args.device != 'cpu' and not torch.cuda.is_available():
        raise ConfigError(f'--device {args.device}: there is no CUDA device here')
    args.run(args)


if __name__ == '__main__':
    sys.exit(run_command(build_parser(), main))
