"""From a training checkpoint to weights that others can use, and a card that says what they are."""

import hashlib
import io
from pathlib import Path
from typing import Any

import torch

from lkca_mm.engine.checkpoint import read_checkpoint
from lkca_mm.errors import CheckpointError, DataError, shown
from lkca_mm.files import write_text, written_whole
from lkca_mm.record import read_record
from lkca_mm.version import __version__

_CARD = """# {model} on {dataset}

| | |
|---|---|
| file | `{file}`, {size:.1f} MiB, weights only |
| SHA-256 | `{digest}` |
| config | `{config}` |
| parameters | {params:,} |
| test set, after the last epoch | {scores} |
| schedule | {schedule[max_epochs]} epochs, {schedule[passes_per_epoch]} x the data in each, \
batch {schedule[batch_size]}, {schedule[total_iterations]:,} iterations |
| seed, commit | {seed}, {environment[commit]} |
| software | torch {environment[torch]}, mmpretrain {environment[mmpretrain]} |

Trained by

```bash
{command}
```

Classify an image with it:

```bash
python tools/predict.py {config} checkpoints/{file} PICTURE --out predicted
```

Images are resized. The model names one of the classes of {dataset} for any image.
"""


def read_finished(path: str | Path) -> dict[str, Any]:
    """Reads the record of a run (:mod:`lkca_mm.record`); raises DataError unless it finished."""
    record = read_record(path)
    if not record.get('finished') or not record.get('final'):
        raise DataError(f'{shown(path)}: is not the record of a training run that finished')
    return record


def publish(
    checkpoint: str | Path, record: dict[str, Any], folder: str | Path, trust: bool = False
) -> tuple[Path, Path, str]:
    """Writes the weights and their card.

    The weights load with ``torch.load(weights_only=True)``.

    Args:
        checkpoint: The checkpoint at the end of the training.
        record: What :func:`read_finished` returned.
        folder: Where both files go: ``<model>_<dataset>-<hash>.pth`` and ``.md``.
        trust: Whether to load a checkpoint that can run code.

    Returns:
        The two files and the SHA-256 of the weights.

    Raises:
        CheckpointError: If the checkpoint is not the end of the recorded run.
    """
    loaded = read_checkpoint(checkpoint, trust)
    meta = loaded.get('meta') or {}
    epoch, end = meta.get('epoch'), record['schedule']['max_epochs']
    if epoch != end:
        raise CheckpointError(
            f'{checkpoint}: is of epoch {epoch}, but the recorded accuracy of epoch {end}; '
            'name the checkpoint of that epoch'
        )
    classes = (meta.get('dataset_meta') or {}).get('classes')
    if 'state_dict' not in loaded or not classes:
        raise CheckpointError(f'{checkpoint}: holds no weights with the names of their classes')
    weights = {name: value.cpu().contiguous() for name, value in loaded['state_dict'].items()}
    slim = {'dataset_meta': {'classes': list(classes)}, 'epoch': epoch, 'lkca_mm': __version__}
    buffer = io.BytesIO()
    torch.save({'meta': slim, 'state_dict': weights}, buffer)
    digest = hashlib.sha256(buffer.getvalue()).hexdigest()
    path = Path(folder) / f'{record["model"]}_{record["dataset"]}-{digest[:8]}.pth'
    with written_whole(path) as part:
        part.write_bytes(buffer.getvalue())
    scores = ', '.join(f'{name} {value:.2f}' for name, value in record['final'].items())
    facts = {'file': path.name, 'size': path.stat().st_size / 2**20, 'digest': digest}
    write_text(path.with_suffix('.md'), _CARD.format(**record, **facts, scores=scores))
    return path, path.with_suffix('.md'), digest
