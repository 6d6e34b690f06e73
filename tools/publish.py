"""Writes a trained model's weights alone, and a card that says what they are."""

import argparse
import sys
from pathlib import Path


def build_parser() -> argparse.ArgumentParser:
    """Returns the tool's arguments."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('checkpoint', metavar='CHECKPOINT', help='at the end of training')
    parser.add_argument('record', metavar='RECORD', type=Path, help='what train.py --record wrote')
    parser.add_argument('--out', metavar='DIR', type=Path, default=Path('checkpoints'))
    parser.add_argument('--trust-checkpoint', action='store_true', help='it may run code')
    parser.add_argument('--debug', action='store_true', help='show the traceback of an error')
    return parser


def main(args: argparse.Namespace) -> None:
    """Publishes, and loads what was written into the model of its config."""
    from lkca_mm.apis import load_model
    from lkca_mm.publish import publish

    weights, run = publish(args.checkpoint, args.record, args.out, args.trust_checkpoint)
    load_model(run['config'], str(weights), device='cpu')
    print(f'{weights}\n{weights.with_suffix(".md")}')


if __name__ == '__main__':
    args = build_parser().parse_args()
    from lkca_mm.command import run_tool

    sys.exit(run_tool(main, args))
