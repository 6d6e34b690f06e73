"""The checkpoint that an interrupted run goes on from."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lkca_mm.engine.checkpoint import read_checkpoint
from lkca_mm.errors import CheckpointError, DamagedCheckpointError

POINTER = 'last_checkpoint'
"""The file of a work dir that names the newest checkpoint, as mmengine has it."""


def _candidates(work_dir: Path) -> Iterator[Path]:
    """Yields checkpoints, the one that the last run named first, then by age."""
    pointer = work_dir / POINTER
    first = None
    if pointer.is_file():
        named = Path(pointer.read_text(encoding='utf-8', errors='replace').strip())
        # A work dir that was moved holds it under its own name.
        found = [path for path in (named, work_dir / named.name) if path.is_file()]
        first = found[0] if found else None
        if first:
            yield first
        else:
            print(f'{pointer}: names {named}, which is not there', file=sys.stderr)
    # The best ones lack the optimiser's state.
    others = [path for path in work_dir.glob('*.pth') if not path.name.startswith('best_')]
    for path in sorted(others, key=lambda path: path.stat().st_mtime_ns, reverse=True):
        if first is None or not path.samefile(first):
            yield path


def newest_checkpoint(
    work_dir: str | Path, trust: bool = False
) -> tuple[str, dict[str, Any]] | None:
    """Finds the newest checkpoint that is whole, and says which are not.

    Args:
        work_dir: The folder.
        trust: Whether to load one that can run code.

    Returns:
        The file and what it holds; None if the folder has no checkpoint at all.

    Raises:
        CheckpointError: If there are checkpoints but none is whole.
    """
    work_dir = Path(work_dir)
    skipped = 0
    for path in _candidates(work_dir):
        try:
            checkpoint = read_checkpoint(path, trust)
        except DamagedCheckpointError as error:
            print(f'skipped {error}', file=sys.stderr)
            skipped += 1
            continue
        if 'optimizer' in checkpoint:
            return str(path), checkpoint
    if skipped:
        raise CheckpointError(
            f'{work_dir}: none of its checkpoints is whole; '
            'leave out --resume to start anew, or name a checkpoint'
        )
    return None
