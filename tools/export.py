"""Writes a model as ONNX or with torch.export, and checks the file against PyTorch."""

import argparse
import sys
from pathlib import Path


def build_parser() -> argparse.ArgumentParser:
    """Returns the tool's arguments."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('config', metavar='CONFIG')
    parser.add_argument('checkpoint', metavar='CHECKPOINT', nargs='?', help='default: random')
    parser.add_argument('--out', metavar='F.onnx|F.pt2', type=Path, required=True)
    parser.add_argument(
        '--size', nargs=2, type=int, metavar=('H', 'W'), help="in pixels (default: the config's)"
    )
    parser.add_argument('--batch', type=int, default=1, help='images at once (default 1)')
    parser.add_argument('--dynamic-batch', action='store_true', help='any number of images')
    parser.add_argument('--opset', type=int, default=17, help='of ONNX, 17 (default) or later')
    parser.add_argument(
        '--input',
        choices=('pixels', 'normalized'),
        default='pixels',
        help='values from 0 to 255, normalised inside (default), or normalised before',
    )
    parser.add_argument(
        '--tolerance', type=float, default=1e-4, help='as a share of the largest logit (1e-4)'
    )
    parser.add_argument(
        '--cfg-options', nargs='+', action='extend', default=[], metavar='KEY=VALUE'
    )
    parser.add_argument('--trust-checkpoint', action='store_true', help='it may run code')
    parser.add_argument('--debug', action='store_true', help='show the traceback of an error')
    return parser


def main(args: argparse.Namespace) -> None:
    """Exports, checks and prints."""
    from mmengine.logging import MMLogger

    from lkca_mm.config import image_size_of, load_config, parse_options
    from lkca_mm.errors import ConfigError
    from lkca_mm.export import export_model, load_for_export

    if args.out.suffix not in ('.onnx', '.pt2'):
        raise ConfigError(f'--out {args.out}: must end in .onnx or .pt2')
    MMLogger.get_instance('export', log_level='WARNING')  # it lists all weights that it draws
    config = load_config(args.config, parse_options(args.cfg_options))
    size = tuple(args.size) if args.size else image_size_of(config)
    pixels = args.input == 'pixels'
    model, metadata = load_for_export(config, args.checkpoint, size, pixels, args.trust_checkpoint)
    nodes, difference, scale = export_model(
        model, args.out, args.batch, args.dynamic_batch, args.opset, args.tolerance, metadata
    )
    print(
        f'{args.out}: {nodes} nodes, {args.out.stat().st_size / 2**20:.2f} MiB, images of '
        f'{size[0]} x {size[1]}; differs from PyTorch by at most {difference:.1e} in logits of up '
        f'to {scale:.3g}'
    )


if __name__ == '__main__':
    args = build_parser().parse_args()
    from lkca_mm.command import run_tool

    sys.exit(run_tool(main, args))
