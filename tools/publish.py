"""Writes a trained model's weights alone, and a card that says what they are."""

import argparse
import hashlib
import io
import sys
from pathlib import Path
from typing import Any

_CARD = """# {model} on {trained_on}

| | |
|---|---|
| file | `{file}`, {size:.1f} MiB, weights only, {dtype} |
| SHA-256 | `{digest}` |
| config | `{config}` |
| parameters | {params:,} |
| {scored} | {scores} |
| schedule | {label} |
| seed, commit | {seed}, {environment[commit]} |
| software | torch {environment[torch]}, mmengine {environment[mmengine]} |

Trained by

```bash
{command}
```

See what it predicts for an image:

```bash
python tools/predict.py {config} checkpoints/{file} IMAGE --out predicted
```

It has seen {trained_on} alone and names one of its classes whatever an image shows: something to
try, or to fine-tune on images of the same kind, and no general start as ImageNet weights are.
"""

_NAMES = ('classes', 'palette')  # of the classes, and their colours
_MODEL_KEYS = ('model', 'data_preprocessor', 'test_pipeline')


def build_parser() -> argparse.ArgumentParser:
    """Returns the tool's arguments."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('checkpoint', metavar='CHECKPOINT', help='at the end of training')
    parser.add_argument('record', metavar='RECORD', type=Path, help='what train.py --record wrote')
    parser.add_argument('--out', metavar='DIR', type=Path, default=Path('checkpoints'))
    parser.add_argument('--half', action='store_true', help='rounded to fp16: half the bytes')
    parser.add_argument('--trust-checkpoint', action='store_true', help='it may run code')
    parser.add_argument('--debug', action='store_true', help='show the traceback of an error')
    return parser


def main(args: argparse.Namespace) -> None:
    """Writes both as <model>_<data set>-<hash>, and loads the weights into their model."""
    import torch

    from lkca_mm.apis import load_model
    from lkca_mm.engine.checkpoint import read_checkpoint
    from lkca_mm.errors import CheckpointError, DataError
    from lkca_mm.files import write_text, written_whole
    from lkca_mm.paper.tables import DATASETS
    from lkca_mm.record import Run, read_record
    from lkca_mm.version import __version__

    run = Run(read_record(args.record))
    if not run.get('finished') or not run.get('final'):
        raise DataError(f'{args.record}: is not the record of a training run that finished')
    if changed := [name for name in run.telling if name.split('.')[0] in _MODEL_KEYS]:
        raise DataError(
            f'{args.record}: the model differs from {run["config"]} by {", ".join(changed)}; write '
            'a config that says so, and in the record name it as `config` and empty `settings`'
        )
    loaded = read_checkpoint(args.checkpoint, args.trust_checkpoint)
    meta, end = loaded.get('meta') or {}, run['schedule']['total_iterations']
    names = {k: v for k, v in (meta.get('dataset_meta') or {}).items() if k in _NAMES}
    if 'state_dict' not in loaded or 'classes' not in names:
        raise CheckpointError(f'{args.checkpoint}: holds no weights with names of their classes')
    if meta.get('iter') != end:
        raise CheckpointError(
            f'{args.checkpoint}: is of iteration {meta.get("iter")}, but the recorded scores of '
            f'iteration {end}; name the checkpoint of that iteration'
        )
    weights = {name: value.cpu().contiguous() for name, value in loaded['state_dict'].items()}
    if args.half:
        weights = {k: v.half() if v.is_floating_point() else v for k, v in weights.items()}
    slim = {'dataset_meta': names, 'iter': end, 'lkca_mm': __version__}
    buffer = io.BytesIO()
    torch.save({'meta': slim, 'state_dict': weights}, buffer)
    digest = hashlib.sha256(buffer.getvalue()).hexdigest()
    path = args.out / f'{run["model"]}_{run["dataset"]}-{digest[:8]}.pth'
    with written_whole(path) as part:
        part.write_bytes(buffer.getvalue())
        load_model(run['config'], str(part), device='cpu')
    facts: dict[str, Any] = {'file': path.name, 'digest': digest, 'label': run.label}
    facts |= {'size': path.stat().st_size / 2**20, 'dtype': 'fp16' if args.half else 'fp32'}
    facts['trained_on'] = DATASETS.get(run['dataset'], run['dataset'])
    if run['schedule']['max_epochs']:
        facts['label'] += f'; {end:,} iterations in all'
    facts['scored'], scores = 'scores at the end', run['final']
    if 'test' in run:
        facts['scored'], scores = 'test set', run['test']['scores']
    facts['scores'] = ', '.join(f'{name} {value:.2f}' for name, value in scores.items())
    write_text(path.with_suffix('.md'), _CARD.format(**run, **facts))
    print(f'{path}\n{path.with_suffix(".md")}')


if __name__ == '__main__':
    args = build_parser().parse_args()
    from lkca_mm.command import run_tool

    sys.exit(run_tool(main, args))
