"""Made-up records of training runs."""

import json

import pytest
from checks import ROOT


@pytest.fixture
def results(tmp_path):
    """Returns a function that writes records into a folder of results; it returns the folder."""
    folder = tmp_path / 'results'
    folder.mkdir()
    (folder / 'tables.json').write_bytes((ROOT / 'results' / 'tables.json').read_bytes())

    def write(*records):
        for record in records:
            path = folder / f'run{len(list(folder.iterdir()))}.json'
            path.write_text(json.dumps(record))
        return folder

    return write


@pytest.fixture
def record():
    """Returns a function that makes a record as tools/train.py writes it."""

    def make(config='cifar10/lkca-t_100e', top1=90.0, seed=0, epochs=100, passes=3, **changes):
        dataset, _, name = config.partition('/')
        scores, when = {'accuracy/top1': top1}, {'epoch': epochs, 'iteration': 39_000}
        schedule = {'max_epochs': epochs, 'passes_per_epoch': passes, 'batch_size': 128}
        return {
            'config': f'configs/{config}.py', 'dataset': dataset, 'model': name.rpartition('_')[0],
            'seed': seed, 'environment': {'commit': '0123456789ab'}, 'settings': {},
            'schedule': schedule | {'total_iterations': 39_000, 'base_lr': 0.001},
            'params': 1_027_611, 'finished': True, 'curve': [{**when, 'train_loss': 1.0, **scores}],
            'final': scores, 'sessions': [],
        } | changes  # fmt: skip

    return make
