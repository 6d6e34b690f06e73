"""The model index: what OpenMMLab's tools read of our configs, from the records of their runs.

``python -m lkca_mm.report.model_index`` writes ``model-index.yml`` and the files that it
names. A config is in it once a run of it as it stands has ended, with the mean over
the seeds after the last epoch; nothing else is, the paper's figures least of all.
"""

import argparse
import sys
from pathlib import Path
from statistics import fmean
from typing import Any

from lkca_mm.command import run_command

import yaml

from lkca_mm.record import write_text
from lkca_mm.report.paper_tables import DATASETS
from lkca_mm.report.runs import Run, finished_classification, group_seeds, load_runs, read_json

_METRICS = {'accuracy/top1': 'Top 1 Accuracy', 'accuracy/top5': 'Top 5 Accuracy'}
# Scored on pictures that were not trained on: results/ade20k-six is not of them.
_SEGMENTED = {
    'camvid/lkca-s.json': ('LKCA', 'CamVid test set'),
    'camvid/vit-s.json': ('Baselines', 'CamVid test set'),
}
_HEADER = '# Written by `python -m lkca_mm.report.model_index`, from the records in results/.\n'
COLLECTIONS: list[dict[str, Any]] = [
    {
        'Name': 'LKCA',
        'Metadata': {'Architecture': ['Large Kernel Convolutional Attention']},
        'Paper': {
            'Title': 'LKCA: Large Kernel Convolutional Attention',
            'URL': 'https://arxiv.org/abs/2401.05738',
        },
    },
    {'Name': 'Baselines'},
]


def _model(name: str, collection: str, config: str, metadata: dict[str, Any]) -> dict[str, Any]:
    return {'Name': name, 'In Collection': collection, 'Config': config, 'Metadata': metadata}


def _classifier(seeds: list[Run], config: str, checkpoints: Path) -> dict[str, Any]:
    run = seeds[0]
    stem, dataset = Path(config).stem, DATASETS[run.dataset]
    model = _model(
        f'{stem}_{run.dataset}',
        'LKCA' if run.model.startswith('lkca') else 'Baselines',
        config,
        {
            'Training Data': dataset,
            'Parameters': run.params,
            'Epochs': run.schedule['max_epochs'],
            'Batch Size': run.schedule['batch_size'],
            'Seeds': len(seeds),
        },
    )
    metrics = {
        shown: round(fmean(run.final[name] for run in seeds), 2)
        for name, shown in _METRICS.items()
        if all(run.final.get(name) is not None for run in seeds)
    }
    task = 'Image Classification'
    model['Results'] = [{'Task': task, 'Dataset': dataset, 'Metrics': metrics}]
    published = sorted(checkpoints.glob(f'{run.model}_{run.dataset}-*.pth'))
    if published:
        model['Weights'] = f'checkpoints/{published[-1].name}'
    return model


def _segmentor(record: dict[str, Any], collection: str, dataset: str) -> dict[str, Any]:
    name, iterations = Path(record['config']).stem, record['iterations']
    # The config's own schedule is another one, so the name says how far this run went.
    model = _model(
        f'{name}_{iterations}-iterations',
        collection,
        record['config'],
        {'Training Data': dataset.split()[0], 'Iterations': iterations, 'Seeds': 1},
    )
    task = 'Semantic Segmentation'
    model['Results'] = [{'Task': task, 'Dataset': dataset, 'Metrics': record['scores']}]
    return model


def build_index(root: str | Path) -> dict[str, str]:
    """Returns the text of every file of the index, by its path below ``root``.

    Args:
        root: The checkout, with ``results`` and ``checkpoints``.

    Raises:
        DataError: If a record cannot be read.
    """
    root = Path(root)
    folders: dict[str, list[dict[str, Any]]] = {'configs': []}
    for file, about in _SEGMENTED.items():
        if (root / 'results' / file).exists():
            record = read_json(root / 'results' / file)
            folders['configs'].append(_segmentor(record, *about))
    for seeds in group_seeds(finished_classification(load_runs(root / 'results'))):
        config = read_json(seeds[0].path).get('config', '')
        if seeds[0].telling or not (root / config).is_file():
            continue  # not the config as it stands
        folder = str(Path(config).parent)
        folders.setdefault(folder, []).append(_classifier(seeds, config, root / 'checkpoints'))
    files = {}
    for folder, models in sorted(folders.items()):
        content: dict[str, Any] = {'Collections': COLLECTIONS} if folder == 'configs' else {}
        content['Models'] = models
        files[f'{folder}/metafile.yml'] = _dump(content)
    return {'model-index.yml': _dump({'Import': list(files)}), **files}


def _dump(content: dict[str, Any]) -> str:
    return _HEADER + yaml.safe_dump(content, sort_keys=False, width=100)


def main(args: argparse.Namespace) -> None:
    """Writes the files."""
    for name, text in build_index(args.root).items():
        write_text(args.root / name, text)
        print(f'wrote {name}')


def build_parser() -> argparse.ArgumentParser:
    """Returns the command's arguments."""
    parser = argparse.ArgumentParser(description='Writes the model index from the records.')
    parser.add_argument('--root', type=Path, default=Path(), metavar='DIR', help='the checkout')
    return parser


if __name__ == '__main__':
    sys.exit(run_command(build_parser(), main))
