"""Records of runs that never were."""


def make_record(dataset='cifar10', model='lkca-t', seed=0, top1=90.0, best=None, **changes):
    """A record as tools/train.py writes it, with what a test says of it."""
    record = {
        'command': 'python tools/train.py',
        'config': f'configs/{dataset}/{model}_100e.py',
        'dataset': dataset,
        'model': model,
        'seed': seed,
        'environment': {'commit': '0123456789ab'},
        'settings': {},
        'schedule': {
            'max_epochs': 100,
            'passes_per_epoch': 3,
            'batch_size': 128,
            'total_iterations': 117_100,
            'base_lr': 0.001,
        },
        'params': 1027611,
        'finished': True,
        'curve': [],
        'final': {'accuracy/top1': top1},
        'best': {'accuracy/top1': {'value': top1 if best is None else best, 'epoch': 99}},
        'sessions': [],
    }
    return record | changes


FIVE = {
    'max_epochs': 5,
    'passes_per_epoch': 1,
    'batch_size': 128,
    'total_iterations': 1950,
    'base_lr': 0.001,
}
