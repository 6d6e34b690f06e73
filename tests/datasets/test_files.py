"""The classification data is looked for before a run begins."""

import shutil

import pytest
from mmengine.config import Config, ConfigDict
from mmpretrain.registry import DATASETS

from lkca_mm.datasets import SVHN, CheckedCIFAR10
from lkca_mm.datasets.files import check_classification_files
from lkca_mm.engine.run_config import check_data
from lkca_mm.errors import DataError


def refusal(cfg):
    with pytest.raises(DataError) as error:
        check_classification_files(cfg)
    assert '\n' not in str(error.value)
    return str(error.value)


@pytest.mark.parametrize('name', ['cifar10', 'cifar100', 'svhn', 'tiny-imagenet'])
@pytest.mark.parametrize('split', ['train', 'second'])
def test_each_file_is_looked_for(request, make_cifar, tmp_path, name, split):
    if name.startswith('cifar'):
        kind = f'Checked{name.upper()}'
        folder = {'cifar10': 'cifar-10-batches-py', 'cifar100': 'cifar-100-python'}[name]
        folder = make_cifar(name, tmp_path / folder)
        root = folder.parent
    else:
        kind = {'svhn': 'SVHN', 'tiny-imagenet': 'TinyImageNet'}[name]
        folder = root = request.getfixturevalue(name.partition('-')[0])
    if split == 'second':
        split = 'val' if name == 'tiny-imagenet' else 'test'
    cfg = dict(type=kind, data_root=str(root), split=split)
    check_classification_files(cfg)
    files = DATASETS.get(kind).LAYOUT.files[split]
    assert files
    for file in files:
        (folder / file).rename(tmp_path / 'aside')
        message = refusal(cfg)
        assert message.startswith(f'{folder / file} does not exist')
        assert message.endswith(f'python tools/prepare_data.py {name} --root {tmp_path}')
        (tmp_path / 'aside').rename(folder / file)
    check_classification_files(cfg)


@pytest.mark.parametrize(
    ('cfg', 'command'),
    [
        (dict(type='CheckedCIFAR10', data_root='data'), 'cifar10'),
        (dict(type='CheckedCIFAR10', data_root='data/'), 'cifar10'),
        (dict(type='CheckedCIFAR100', data_root='big/disk'), 'cifar100 --root big/disk'),
        (dict(type='mmpretrain.SVHN', data_root='data/svhn'), 'svhn'),
        (dict(type=SVHN, data_root='other/svhn/', split='test'), 'svhn --root other'),
        (dict(type='TinyImageNet', data_root='data/mine'), 'tiny-imagenet'),
        (dict(type='CheckedCIFAR10', data_root='data', data_prefix='x'), 'cifar10 --root data/x'),
    ],
)
def test_says_how_to_get_the_data(tmp_path, monkeypatch, cfg, command):
    monkeypatch.chdir(tmp_path)
    assert refusal(cfg).endswith(f'; get it with: python tools/prepare_data.py {command}')


@pytest.mark.parametrize('wrap', [
    lambda cfg: dict(type='RepeatDataset', times=2, dataset=cfg),
    lambda cfg: dict(type='ConcatDataset', datasets=[dict(type='CIFAR10', data_root='x'), cfg]),
    ConfigDict,
])  # fmt: skip
def test_wrapped(svhn, wrap):
    cfg = dict(type='SVHN', data_root=str(svhn))
    check_classification_files(wrap(cfg))
    shutil.rmtree(svhn)
    assert 'train_32x32.mat does not exist' in refusal(wrap(cfg))


def test_unknown_split():
    assert "no split 'val'" in refusal(dict(type='SVHN', data_root='data/svhn', split='val'))


@pytest.mark.parametrize('cfg', [
    dict(type='CIFAR10', data_root='none'),
    dict(type='CheckedCIFAR10', data_root='none', download=True),
    dict(type='ADE20KDataset', data_root='none'),
    dict(type='mmseg.ADE20KDataset', data_root='none'),
    dict(type='NobodyKnowsIt', data_root='none'),
    dict(type='nobody.KnowsIt', data_root='none'),
    dict(data_root='none'),
    None,
])  # fmt: skip
def test_what_is_left_alone(cfg):
    check_classification_files(cfg)


@pytest.mark.parametrize('kind', ['CheckedCIFAR10', CheckedCIFAR10])
def test_runs_check_it(make_cifar, tmp_path, kind):
    make_cifar('cifar10', tmp_path / 'cifar-10-batches-py')
    loaders = {
        f'{split}_dataloader': dict(dataset=dict(type=kind, data_root=str(tmp_path), split=split))
        for split in ('train', 'test')
    }
    config = Config(loaders)
    check_data(config, ('train_dataloader', 'val_dataloader', 'test_dataloader'))
    (tmp_path / 'cifar-10-batches-py' / 'test_batch').unlink()
    check_data(config, ('train_dataloader',))
    with pytest.raises(DataError, match='test_batch does not exist'):
        check_data(config, ('test_dataloader',))
