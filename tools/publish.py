"""Writes a trained model's weights alone, and a card that says what they are."""

import argparse
import sys
from pathlib import Path

from lkca_mm.command import run_command

from lkca_mm.engine.run_config import add_trust_argument
from lkca_mm.inference import load_model
from lkca_mm.publish import check_record, publish
from lkca_mm.record import read_record


def build_parser() -> argparse.ArgumentParser:
    """Returns the tool's arguments."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('checkpoint', metavar='CKPT', help='of the last epoch')
    parser.add_argument('record', metavar='RECORD', type=Path, help='what train.py --record wrote')
    parser.add_argument('--out', metavar='DIR', type=Path, default=Path('checkpoints'))
    add_trust_argument(parser)
    return parser


def main(args: argparse.Namespace) -> None:
    """Publishes, and loads what was written into the model of its config."""
    record = read_record(args.record)
    check_record(record, args.record)
    weights, card, digest = publish(args.checkpoint, record, args.out, args.trust_checkpoint)
    load_model(record['config'], str(weights), device='cpu')
    print(f'{weights} ({weights.stat().st_size / 2**20:.1f} MiB)\n{card}\nSHA-256 {digest}')


if __name__ == '__main__':
    sys.exit(run_command(build_parser(), main))
