"""The generated data sets are read by the same classes, from the same layouts, as the real ones."""

import numpy as np
import pytest
from made_up_runs import CONFIGS
from mmengine.config import Config
from mmpretrain.registry import DATASETS

from lkca_mm.datasets import check_data
from lkca_mm.reproduce.schedules import settings_of
from lkca_mm.reproduce.selection import experiments_of, select_tables
from lkca_mm.reproduce.stand_ins import prepare_stand_in, stand_in_settings


def smoke_config(table, row, dataset, root):
    (experiment,) = experiments_of(select_tables([table], [row], [dataset]), CONFIGS)
    config = Config.fromfile(experiment.config)
    config.merge_from_dict(settings_of(experiment, 'smoke', config, CONFIGS, root))
    return config


@pytest.mark.parametrize(
    ('table', 'dataset', 'side', 'classes'),
    [(1, 'cifar10', 32, 10), (2, 'cifar100', 32, 100), (4, 'svhn', 32, 10),
     (3, 'tiny-imagenet', 64, 200)],
)  # fmt: skip
def test_pictures_and_labels_as_the_model_gets_them(table, dataset, side, classes, tmp_path):
    prepare_stand_in(dataset, tmp_path)
    config = smoke_config(table, 'lkca-t', dataset, tmp_path)
    for loader, count in (('train_dataloader', 16), ('val_dataloader', 8)):
        pictures = DATASETS.build(config[loader].dataset)
        assert len(pictures) == count
        samples = [pictures[index] for index in range(count)]
        assert {tuple(sample['inputs'].shape) for sample in samples} == {(3, side, side)}
        labels = [int(sample['data_samples'].gt_label) for sample in samples]
        assert min(labels) >= 0 and max(labels) < classes
        assert len(set(labels)) > 1
        assert float(np.std([sample['inputs'].float().mean() for sample in samples])) > 0


def test_scenes_stand_in_for_ade20k(tmp_path):
    prepare_stand_in('ade20k', tmp_path)
    config = smoke_config(7, 'fpn_lkca-s', 'ade20k', tmp_path)
    check_data(config, ('train_dataloader', 'val_dataloader'))
    assert config.train_dataloader.batch_size == 2
    assert len([*(tmp_path / 'scenes' / 'images' / 'training').iterdir()]) == 4


def test_they_are_written_once(tmp_path):
    prepare_stand_in('svhn', tmp_path)
    path = tmp_path / 'svhn' / 'train_32x32.mat'
    before = path.stat()
    prepare_stand_in('svhn', tmp_path)
    assert path.stat().st_ino == before.st_ino and path.stat().st_mtime_ns == before.st_mtime_ns
    place = stand_in_settings('svhn', tmp_path)['val_dataloader']['dataset']['data_root']
    assert place == str(tmp_path / 'svhn')
