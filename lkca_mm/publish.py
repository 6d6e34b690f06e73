"""From a training checkpoint to weights that others can use, and a card that says what they are."""

import hashlib
import io
from pathlib import Path
from typing import Any

import torch

from lkca_mm.engine.checkpoint import read_checkpoint
from lkca_mm.errors import CheckpointError, DataError
from lkca_mm.files import write_text, written_whole
from lkca_mm.record import Run, read_record
from lkca_mm.version import __version__

_CARD = """# {model} on {dataset}

| | |
|---|---|
| file | `{file}`, {size:.1f} MiB, weights only |
| SHA-256 | `{digest}` |
| config | `{config}` |
| parameters | {params:,} |
| {scored} | {scores} |
| schedule | {label}; {schedule[total_iterations]:,} iterations in all |
| seed, commit | {seed}, {environment[commit]} |
| software | torch {environment[torch]}, mmpretrain {environment[mmpretrain]} |

Trained by

```bash
{command}
```

See what it predicts for an image:

```bash
python tools/predict.py {config} checkpoints/{file} IMAGE --out predicted
```

It has seen {dataset} alone and names one of its classes whatever an image shows: something to
try, and no start for images of another kind.
"""


def publish(
    checkpoint: str | Path, record_path: str | Path, folder: str | Path, trust: bool = False
) -> tuple[Path, Run]:
    """Writes the weights, which load with ``torch.load(weights_only=True)``, and their card.

    Args:
        checkpoint: The checkpoint at the end of the training.
        record_path: The record of the run.
        folder: Where both files go: ``<model>_<dataset>-<hash>.pth`` and ``.md``.
        trust: Whether to load a checkpoint that can run code.

    Returns:
        The file of the weights, and the run.

    Raises:
        DataError: If the record is not that of a run that finished.
        CheckpointError: If the checkpoint is not the end of that run.
    """
    run = Run(read_record(record_path))
    if not run.get('finished') or not run.get('final'):
        raise DataError(f'{record_path}: is not the record of a training run that finished')
    loaded = read_checkpoint(checkpoint, trust)
    meta, end = loaded.get('meta') or {}, run['schedule']['total_iterations']
    classes = (meta.get('dataset_meta') or {}).get('classes')
    if meta.get('iter') != end or 'state_dict' not in loaded or not classes:
        raise CheckpointError(
            f'{checkpoint}: is of iteration {meta.get("iter")}, but the recorded scores of '
            f'iteration {end}; name the checkpoint of that iteration'
        )
    weights = {name: value.cpu().contiguous() for name, value in loaded['state_dict'].items()}
    slim = {'dataset_meta': {'classes': list(classes)}, 'iter': end, 'lkca_mm': __version__}
    buffer = io.BytesIO()
    torch.save({'meta': slim, 'state_dict': weights}, buffer)
    digest = hashlib.sha256(buffer.getvalue()).hexdigest()
    path = Path(folder) / f'{run["model"]}_{run["dataset"]}-{digest[:8]}.pth'
    with written_whole(path) as part:
        part.write_bytes(buffer.getvalue())
    facts: dict[str, Any] = {'file': path.name, 'digest': digest, 'label': run.label}
    facts |= {'size': path.stat().st_size / 2**20, 'scored': 'scores at the end'}
    scores = run['final']
    if 'test' in run:
        facts['scored'], scores = 'test set', run['test']['scores']
    facts['scores'] = ', '.join(f'{name} {value:.2f}' for name, value in scores.items())
    write_text(path.with_suffix('.md'), _CARD.format(**run, **facts))
    return path, run
