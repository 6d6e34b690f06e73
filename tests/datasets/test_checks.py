"""The check before a run sees what the data sets of the run would see."""

import shutil

import pytest
from miniatures import write_cifar, write_pairs
from mmengine.config import Config
from mmseg.datasets import BaseSegDataset, CityscapesDataset

from lkca_mm.config import get_config
from lkca_mm.datasets import CheckedCIFAR10, check_data
from lkca_mm.errors import DataError

TRAIN = ('images/training', 'annotations/training', '.jpg')


def ade(root, **options):
    prefix = dict(img_path=TRAIN[0], seg_map_path=TRAIN[1])
    return dict(type='ADE20KDataset', data_root=str(root), data_prefix=prefix, **options)


def check(dataset, scope='mmseg'):
    config = Config(dict(default_scope=scope, train_dataloader=dict(dataset=dataset)))
    check_data(config, ('train_dataloader', 'val_dataloader'))


def refusal(dataset, scope='mmseg'):
    with pytest.raises(DataError) as error:
        check(dataset, scope)
    assert '\n' not in str(error.value)
    return str(error.value)


@pytest.fixture
def root(tmp_path):
    return write_pairs(tmp_path / 'ADEChallengeData2016', {TRAIN: ['a', 'b', 'c']})


@pytest.mark.parametrize('change', ['gone', 'empty'])
@pytest.mark.parametrize('folder', TRAIN[:2])
def test_missing_or_empty_folder(root, folder, change):
    check(ade(root))
    (root / folder).rename(root / 'elsewhere')
    if change == 'empty':
        (root / folder).mkdir()
    message = refusal(ade(root))
    assert str(root / folder) in message
    if change == 'gone':
        assert 'does not exist' in message and 'tools/prepare_data.py' in message


def test_pairs(root, capsys):
    for folder in TRAIN[:2]:  # in folders of their own, which are links
        shutil.copytree(root / folder, root / 'city' / folder)
        (root / folder / 'city').symlink_to(root / 'city' / folder)
    check(ade(root))
    (root / TRAIN[0] / 'notes.txt').touch()
    (root / TRAIN[1] / '._a.png').touch()
    check(ade(root))
    (root / TRAIN[1] / 'b.png').unlink()
    message = refusal(ade(root))
    assert f'{root / TRAIN[1] / "b.png"} does not exist (1 images' in message
    (root / TRAIN[0] / 'b.jpg').unlink()
    check(ade(root))
    (root / TRAIN[0] / 'a.jpg').unlink()
    check(ade(root, _scope_='mmseg'))  # the masks of another split may lie there
    message = capsys.readouterr().err
    assert f'{root / TRAIN[1] / "a.png"} has no image' in message and 'with .jpg (1 ' in message


def test_a_list_of_names_chooses(root):
    (root / 'train.txt').write_text('a\nb\n')
    (root / TRAIN[1] / 'c.png').unlink()
    check(ade(root, ann_file='train.txt'))
    (root / TRAIN[1] / 'b.png').unlink()
    assert 'b.png does not exist' in refusal(ade(root, ann_file='train.txt'))


def test_suffixes_of_the_class(tmp_path):
    root = write_pairs(tmp_path, {('img/x', 'ann/x', '_leftImg8bit.png'): ['1']})
    prefix = dict(img_path='img', seg_map_path='ann')
    city = dict(type=CityscapesDataset, data_root=str(root), data_prefix=prefix)
    assert '1_gtFine_labelTrainIds.png' in refusal(city)
    (root / 'ann/x/1.png').rename(root / 'ann/x/1_gtFine_labelTrainIds.png')
    check(city)


def test_wrapped(root):
    repeated = dict(type='RepeatDataset', times=2, dataset=ade(root))
    wrapped = dict(type='ConcatDataset', datasets=[repeated, repeated])
    check(wrapped)
    (root / TRAIN[1] / 'a.png').unlink()
    assert 'a.png does not exist' in refusal(wrapped)


def test_classification(tmp_path):
    cifar = dict(type='CheckedCIFAR10', data_root=str(tmp_path), pipeline=[dict(type='Unknown')])
    file = tmp_path / 'cifar-10-batches-py' / 'data_batch_1'
    assert f'{file} does not exist' in refusal(cifar, 'mmpretrain')
    write_cifar(CheckedCIFAR10, tmp_path)
    check(cifar, 'mmpretrain')  # nothing is read, so few images are fine


class Listed(BaseSegDataset):
    def load_data_list(self):
        raise AssertionError('it has no folders to look into')


def test_a_class_that_pairs_files_in_its_own_way_is_left_alone(tmp_path):
    check(dict(type=Listed, data_root=str(tmp_path), data_prefix=dict(img_path='x')))


@pytest.mark.parametrize('kind', ['CIFAR10', 'ImageNet'])
def test_other_data_sets_are_left_alone(kind):
    check(dict(type=kind, data_root='none'), 'mmpretrain')


@pytest.mark.parametrize('name', ['upernet_lkca-tiny_scenes_demo.py', 'cifar10/lkca-b_100e.py'])
def test_our_configs(monkeypatch, tmp_path, name):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DataError, match=r'^data/.* does not exist'):
        check_data(get_config(name), ('train_dataloader', 'val_dataloader'))
