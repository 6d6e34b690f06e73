"""Writes a model as ONNX or with torch.export, checks the file and times it beside PyTorch."""

import argparse
import shlex
import sys
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from lkca_mm.command import run_command

import torch
from mmengine.config import Config
from mmengine.logging import MMLogger
from rich.box import SIMPLE
from rich.table import Table
from torch import nn

from lkca_mm.benchmark.memory import bytes_of
from lkca_mm.benchmark.random_batch import image_size_of
from lkca_mm.benchmark.timing import interleaved_medians
from lkca_mm.console import print_table
from lkca_mm.engine.durable import PART, replace_durably
from lkca_mm.engine.options import add_settings_argument, positive
from lkca_mm.engine.run_config import add_trust_argument, load_config
from lkca_mm.errors import ConfigError, shown
from lkca_mm.export.accuracy import score_file, score_network
from lkca_mm.export.compare import (
    Run,
    check_difference,
    measure_difference,
    random_pictures,
)
from lkca_mm.export.errors import ExportError
from lkca_mm.export.fixed_size import fix_size
from lkca_mm.export.graph import read_graph
from lkca_mm.export.int8 import quantize_onnx
from lkca_mm.export.logits import LogitsModel
from lkca_mm.export.network import load_network
from lkca_mm.export.normalization import Normalization, find_normalization
from lkca_mm.export.onnx_file import MIN_OPSET, write_onnx
from lkca_mm.export.packages import need
from lkca_mm.export.program_file import check_torch_export, open_program, write_program
from lkca_mm.export.session import open_onnx
from lkca_mm.inference.network import segments
from lkca_mm.record import check_replaceable, environment, write_record
from lkca_mm.version import __version__

SUFFIXES = ('.onnx', '.pt2')


@dataclass
class Candidate:
    """The model, or a file made of it.

    Attributes:
        name: For the table.
        run: From pictures to logits.
        result: What is known of it, for the record.
    """

    name: str
    run: Run
    result: dict[str, Any]


def build_parser() -> argparse.ArgumentParser:
    """Returns the tool's arguments."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('config', metavar='CONFIG')
    parser.add_argument('checkpoint', metavar='CKPT', nargs='?', help='without: random weights')
    parser.add_argument('--out', metavar='F.onnx|F.pt2', type=Path, required=True)
    parser.add_argument(
        '--size', nargs=2, type=positive, metavar=('H', 'W'), help="default: the config's"
    )
    parser.add_argument('--batch', type=positive, default=1, help='pictures at once (default 1)')
    parser.add_argument('--dynamic-batch', action='store_true', help='any number of pictures')
    parser.add_argument(
        '--opset', type=int, default=MIN_OPSET, help=f'of ONNX, {MIN_OPSET} or more (default)'
    )
    parser.add_argument(
        '--input',
        choices=('pixels', 'normalized'),
        default='pixels',
        help='values from 0 to 255, normalised inside (default), or normalised before',
    )
    parser.add_argument('--int8', action='store_true', help='also write F.int8.onnx')
    parser.add_argument(
        '--int8-convs', action='store_true', help='with --int8: convolutions too, not Linear alone'
    )
    parser.add_argument(
        '--tolerance', type=float, default=1e-4, help='as a share of the largest logit (1e-4)'
    )
    parser.add_argument('--rounds', type=positive, default=7, help='of timing (default 7)')
    parser.add_argument('--threads', type=positive, help="of both sides; default: PyTorch's")
    parser.add_argument('--evaluate', action='store_true', help='score on the test set')
    parser.add_argument('--record', metavar='F.json', type=Path, help='write the figures')
    add_settings_argument(parser)
    add_trust_argument(parser)
    return parser


def check_arguments(args: argparse.Namespace) -> None:
    """Looks at everything that can be wrong before a model is built.

    Raises:
        ConfigError: If an argument is impossible.
        InstallationError: If a package for such a file is missing.
    """
    out = args.out
    if out.suffix not in SUFFIXES:
        raise ConfigError(f'--out {shown(out)}: must end in {" or ".join(SUFFIXES)}')
    if out.is_dir():
        raise ConfigError(f'--out {shown(out)}: is a folder; name a file')
    if args.record:
        check_replaceable('--record', args.record, 'results')
    if args.opset < MIN_OPSET:
        raise ConfigError(f'--opset {args.opset}: must be {MIN_OPSET} or more')
    if not args.tolerance >= 0:
        raise ConfigError(f'--tolerance {args.tolerance}: must be 0 or more')
    if args.int8_convs and not args.int8:
        raise ConfigError('--int8-convs: give --int8 too')
    if out.suffix == '.pt2':
        if args.int8:
            raise ConfigError(f'--int8: quantises ONNX files, not {out.name}; name a file .onnx')
        check_torch_export()
    else:
        for name in ('onnx', 'onnxruntime', 'onnxscript'):
            need(name)


def size_of(config: Config, args: argparse.Namespace) -> tuple[int, int]:
    """Returns the size of the pictures that the file will take.

    Raises:
        ConfigError: If neither the arguments nor the config say.
    """
    if args.size:
        return tuple(args.size)
    try:
        return image_size_of(config)
    except ConfigError as error:
        raise ConfigError(f'{error}, or give --size H W') from error


def describe_input(
    metainfo: dict[str, Any], normalization: Normalization, args: argparse.Namespace
) -> dict[str, Any]:
    """Returns what a user of the file alone must know."""
    return {
        'config': Path(args.config).stem,
        'lkca_mm': __version__,
        'classes': [str(name) for name in metainfo['classes'] or []],
        'channels': normalization.channels,
        'values': '0 to 255' if args.input == 'pixels' else 'normalized',
        'mean': list(normalization.mean),
        'std': list(normalization.std),
    }


def write_and_check(
    fixed: LogitsModel, part: Path, args: argparse.Namespace, metadata: dict[str, Any]
) -> tuple[Run, dict[str, Any]]:
    """Writes the file under a provisional name.

    Returns:
        The file as a function, and what is known of it.
    """
    image = random_pictures(args.batch, fixed.size, args.input == 'pixels')
    if args.out.suffix == '.pt2':
        write_program(fixed, image, part, args.dynamic_batch, metadata)
        run, nodes = open_program(part)
        return run, {'nodes': nodes}
    write_onnx(fixed, image, part, args.opset, args.dynamic_batch, metadata)
    return open_onnx(part), vars(read_graph(part))


def export(
    model: LogitsModel, args: argparse.Namespace, metadata: dict[str, Any]
) -> list[Candidate]:
    """Writes the files; none has its name before it is found to be right.

    Raises:
        ExportError: If a file cannot be written, or computes something else.
    """
    out, pixels = args.out, args.input == 'pixels'
    batches = [args.batch, 1, args.batch + 2] if args.dynamic_batch else [args.batch]
    pictures = [random_pictures(b, model.size, pixels, b) for b in dict.fromkeys(batches)]
    reference = torch.no_grad()(model.forward)
    weights = bytes_of(*model.parameters(), *model.buffers())
    candidates = [Candidate('PyTorch', reference, {'nodes': None, 'bytes': weights})]
    kind = 'torch.export' if out.suffix == '.pt2' else 'ONNX'
    targets = {kind: out} | ({'ONNX int8': out.with_suffix('.int8.onnx')} if args.int8 else {})
    parts = {name: target.with_name(target.name + PART) for name, target in targets.items()}
    out.parent.mkdir(parents=True, exist_ok=True)
    try:
        fixed = fix_size(model, pictures[0])
        for name, part in parts.items():
            if name == 'ONNX int8':
                quantize_onnx(parts['ONNX'], part, args.int8_convs)
                run, known = open_onnx(part), vars(read_graph(part))
            else:
                run, known = write_and_check(fixed, part, args, metadata)
            difference = measure_difference(run, reference, pictures)
            if name != 'ONNX int8':
                check_difference(difference, args.tolerance)
            known |= {
                'bytes': part.stat().st_size,
                'largest_difference': difference.largest,
                'largest_logit': difference.scale,
            }
            candidates.append(Candidate(name, run, {'file': targets[name].name, **known}))
        for name, part in parts.items():
            replace_durably(part, targets[name])
    except ExportError as error:
        raise ExportError(f'{shown(out)}: not written: {error}') from error
    finally:
        for part in parts.values():
            part.unlink(missing_ok=True)
    return candidates


def measure(candidates: list[Candidate], model: LogitsModel, args: argparse.Namespace) -> None:
    """Times all candidates in turn on the same pictures."""
    image = random_pictures(args.batch, model.size, args.input == 'pixels')
    runs = {one.name: lambda run=one.run: run(image) for one in candidates}
    seconds = interleaved_medians(runs, args.rounds)
    for one in candidates:
        one.result['milliseconds'] = 1e3 * seconds[one.name]


def evaluate(
    candidates: list[Candidate],
    network: nn.Module,
    config: Config,
    normalization: Normalization,
    args: argparse.Namespace,
) -> None:
    """Scores all candidates on the test set."""
    for one in candidates:
        if one.name == 'PyTorch':
            top1 = score_network(network, config)
        else:
            pixels = args.input == 'pixels'
            top1 = score_file(one.run, network, config, normalization, pixels, args.batch)
        one.result['top1'] = round(top1, 4)


def print_candidates(candidates: list[Candidate], title: str) -> None:
    """Prints one row for each candidate."""
    table = Table(title=title, box=SIMPLE)
    table.add_column('', no_wrap=True)
    scored = 'top1' in candidates[0].result
    for name in (
        'nodes',
        'MiB',
        'difference',
        'largest logit',
        'ms',
        *(['top-1'] if scored else []),
    ):
        table.add_column(name, justify='right', no_wrap=True)
    for one in candidates:
        result = one.result
        nodes, difference = result['nodes'], result.get('largest_difference')
        table.add_row(
            one.name,
            '' if nodes is None else str(nodes),
            f'{result["bytes"] / 2**20:.2f}',
            '' if difference is None else f'{difference:.1e}',
            '' if difference is None else f'{result["largest_logit"]:.3g}',
            f'{result["milliseconds"]:.2f}',
            *([f'{result["top1"]:.2f}'] if scored else []),
        )
    print_table(table)


def keep(candidates: list[Candidate], model: LogitsModel, args: argparse.Namespace) -> None:
    """Writes the figures as JSON."""
    packages = () if args.out.suffix == '.pt2' else ('onnx', 'onnxruntime', 'onnxscript')
    record = {
        'command': shlex.join(['python', *sys.argv]),
        'environment': environment() | {name: version(name) for name in packages},
        'settings': {
            'config': args.config,
            'checkpoint': args.checkpoint,
            'size': list(model.size),
            'batch_size': args.batch,
            'dynamic_batch': args.dynamic_batch,
            'opset': None if args.out.suffix == '.pt2' else args.opset,
            'input': args.input,
            'int8_convs': args.int8_convs,
            'tolerance': args.tolerance,
            'rounds': args.rounds,
            'seed': 0,
        },
        'results': [{'name': one.name, **one.result} for one in candidates],
    }
    write_record(args.record, record)


def main(args: argparse.Namespace) -> None:
    """Exports, checks, measures and prints."""
    check_arguments(args)
    if args.threads:
        torch.set_num_threads(args.threads)
    MMLogger.get_instance('export', log_level='WARNING')
    config = load_config(args.config, args.cfg_options)
    size = size_of(config, args)
    network, metainfo = load_network(config, args.checkpoint, args.trust_checkpoint)
    if args.evaluate and segments(network):
        raise ConfigError(
            f'{args.config}: --evaluate scores classifiers; the pictures that a segmentor is '
            'scored on have many sizes, a file has one'
        )
    normalization = find_normalization(config, network)
    model = LogitsModel(network, size, normalization if args.input == 'pixels' else None)
    candidates = export(model, args, describe_input(metainfo, normalization, args))
    measure(candidates, model, args)
    if args.evaluate:
        evaluate(candidates, network, config, normalization, args)
    threads = torch.get_num_threads()
    title = f'{size[0]}x{size[1]}, batch {args.batch}, {threads} thread{"s" * (threads > 1)}'
    print_candidates(candidates, title)
    for one in candidates[1:]:
        print(f'written to {args.out.with_name(one.result["file"])}')
    if args.record:
        keep(candidates, model, args)
        print(f'written to {args.record}')


if __name__ == '__main__':
    sys.exit(run_command(build_parser(), main))
