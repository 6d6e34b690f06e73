"""From a training checkpoint to weights that others can use, and a card that says what they are."""

import hashlib
import io
import re
from pathlib import Path
from typing import Any

import torch

from lkca_mm.engine.checkpoint import read_checkpoint
from lkca_mm.errors import CheckpointError, ConfigError, DataError
from lkca_mm.files import write_text
from lkca_mm.version import __version__

_NEEDED = {
    **dict.fromkeys(('model', 'dataset', 'config', 'command'), str),
    **dict.fromkeys(('schedule', 'environment', 'final'), dict),
    'params': int,
}
_PLAIN_NAME = re.compile(r'\w[\w.+-]*')


def check_record(record: Any, path: str | Path) -> None:
    """Looks for what a card says of a run.

    Args:
        record: What a JSON file holds.
        path: The file, for the message.

    Raises:
        DataError: If something is missing, or names a file elsewhere.
    """
    if not isinstance(record, dict):
        raise DataError(f'{path}: holds a {type(record).__name__}, not a record of training')
    for key, kind in _NEEDED.items():
        if not isinstance(record.get(key), kind):
            raise DataError(f'{path}: `{key}` is {record.get(key)!r}; record the run anew')
    for holder, keys in (
        ('schedule', ('max_epochs', 'passes_per_epoch', 'batch_size', 'total_iterations')),
        ('environment', ('commit', 'torch')),
    ):
        for key in keys:
            if key not in record[holder]:
                raise DataError(f'{path}: lacks `{holder}.{key}`; record the run anew')
    for key in ('model', 'dataset'):
        if not _PLAIN_NAME.fullmatch(record[key]):
            raise DataError(f'{path}: `{key}` is {record[key]!r}, which cannot be a file name')
    for name, value in record['final'].items():
        if not isinstance(value, (int, float)):
            raise DataError(f'{path}: `final` says {name}={value!r}; record the run anew')


def weights_only(checkpoint: dict[str, Any], path: str | Path) -> bytes:
    """Returns a checkpoint's weights and class names as the bytes of a file.

    The file loads with ``torch.load(weights_only=True)``. The same weights
    give the same bytes under the same version of PyTorch.

    Args:
        checkpoint: A checkpoint of mmengine.
        path: Its file, for the message.

    Raises:
        CheckpointError: If it holds no weights, or no names of classes.
    """
    meta = checkpoint.get('meta') or {}
    classes = (meta.get('dataset_meta') or {}).get('classes')
    if 'state_dict' not in checkpoint or not classes:
        raise CheckpointError(f'{path}: holds no weights with the names of their classes')
    weights = {
        name: value.detach().cpu().contiguous() for name, value in checkpoint['state_dict'].items()
    }
    slim = {
        'meta': {
            'dataset_meta': {'classes': [str(name) for name in classes]},
            'epoch': meta.get('epoch'),
            'lkca_mm': __version__,
        },
        'state_dict': weights,
    }
    buffer = io.BytesIO()
    torch.save(slim, buffer)
    return buffer.getvalue()


def model_card(record: dict[str, Any], file: str, size: int, digest: str) -> str:
    """Returns what a user must know of published weights, in Markdown.

    Args:
        record: What ``tools/train.py --record`` wrote of their training.
        file: The name of the weights' file.
        size: Its bytes.
        digest: Its SHA-256, in hexadecimal.
    """
    schedule, environment = record['schedule'], record['environment']
    scores = ', '.join(f'{name} {value:.2f}' for name, value in record['final'].items())
    passes = schedule['passes_per_epoch']
    return f"""# {record['model']} on {record['dataset']}

| | |
|---|---|
| file | `{file}`, {size / 2**20:.1f} MiB, weights only |
| SHA-256 | `{digest}` |
| config | `{record['config']}` |
| parameters | {record['params']:,} |
| test set, after the last epoch | {scores} |
| schedule | {schedule['max_epochs']} epochs of {passes} {'pass' if passes == 1 else 'passes'}, \
batch {schedule['batch_size']}, {schedule['total_iterations']:,} iterations |
| seed, commit | {record['seed']}, {environment['commit']} |
| software | torch {environment['torch']}, mmpretrain {environment.get('mmpretrain')} |

Trained by

```bash
{record['command']}
```

Classify a picture with it:

```bash
python tools/predict.py {record['config']} checkpoints/{file} PICTURE --out predicted
```

Any picture is resized to the size of the data set's own. It knows the classes of
{record['dataset']} alone and names one of them for whatever it is shown.
"""


def publish(
    checkpoint: str | Path, record: dict[str, Any], folder: str | Path, trust: bool = False
) -> tuple[Path, Path, str]:
    """Writes the weights and their card.

    Args:
        checkpoint: The checkpoint at the end of the training.
        record: What ``tools/train.py --record`` wrote of it.
        folder: Where both files go; ``<model>_<dataset>-<hash>.pth`` and ``.md``.
        trust: Whether to load a checkpoint that can run code.

    Returns:
        The two files and the SHA-256 of the weights.

    Raises:
        CheckpointError: If the checkpoint is not the end of the recorded run.
        ConfigError: If the record is of an unfinished run.
    """
    if not record.get('finished'):
        raise ConfigError('the record is of a run that did not end; train it to its end first')
    loaded = read_checkpoint(checkpoint, trust)
    epoch, end = (loaded.get('meta') or {}).get('epoch'), record['schedule']['max_epochs']
    if epoch != end:
        raise CheckpointError(
            f'{checkpoint}: is of epoch {epoch}, but the recorded accuracy of epoch {end}; '
            f'name the checkpoint of that epoch'
        )
    content = weights_only(loaded, checkpoint)
    digest = hashlib.sha256(content).hexdigest()
    name = f'{record["model"]}_{record["dataset"]}-{digest[:8]}'
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    part = folder / f'{name}.pth.part'
    part.write_bytes(content)
    weights = part.replace(folder / f'{name}.pth')
    card = folder / f'{name}.md'
    write_text(card, model_card(record, weights.name, len(content), digest))
    return weights, card, digest
