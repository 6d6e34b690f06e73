"""Whole batches: the same images, labels and loss as mmpretrain's, one by one."""

import numpy as np
import pytest
import torch
from mmengine.dataset import pseudo_collate
from mmpretrain.registry import MODELS
from mmpretrain.structures import DataSample

from lkca_mm.models import whole_batch_collate

AUGMENTS = dict(augments=[dict(type='Mixup', alpha=1.0), dict(type='CutMix', alpha=1.0)])


def samples(count=6, size=8, low=-2.0):
    generator = torch.Generator().manual_seed(0)
    return [
        {
            'inputs': low + 4 * torch.rand(3, size, size, generator=generator),
            'data_samples': DataSample().set_gt_label(index % 5),
        }
        for index in range(count)
    ]


def batch_and_loss(preprocessor, collate, seed, training=True, **settings):
    """What reaches the model, and the head's loss, from one seed."""
    np.random.seed(seed)
    torch.manual_seed(seed)
    build = MODELS.build(dict(type=preprocessor, num_classes=5, **settings))
    data = build(collate(samples()), training)
    head = MODELS.build(
        dict(
            type='LinearClsHead',
            num_classes=5,
            in_channels=4,
            loss=dict(type='LabelSmoothLoss', label_smooth_val=0.1, mode='original'),
        )
    )
    with torch.no_grad():
        head.fc.weight.copy_(torch.arange(20.0).view(5, 4).sin())
    features = torch.arange(24.0).view(6, 4).cos()
    return data['inputs'], head.loss((features,), data['data_samples'])['loss']


@pytest.mark.parametrize('seed', range(8))
@pytest.mark.parametrize('probs', [None, [0.0, 1.0], [0.25, 0.25]])
def test_the_loss_and_the_images_are_mmpretrains(seed, probs):
    """One seed gives the same mixing: whoever trained before has not to train again."""
    settings = dict(to_rgb=True, mean=[0.1, 0.2, 0.3], std=[0.4, 0.5, 0.6])
    settings['batch_augments'] = AUGMENTS | dict(probs=probs)
    found = []
    for pair in (
        ('WholeBatchPreprocessor', whole_batch_collate),
        ('ClsDataPreprocessor', pseudo_collate),
    ):
        settings['batch_augments'] = AUGMENTS | dict(probs=probs and list(probs))
        found.append(batch_and_loss(*pair, seed, **settings))
    torch.testing.assert_close(found[0][0], found[1][0])
    torch.testing.assert_close(found[0][1], found[1][1])


def test_without_mixing_labels_stay_labels():
    ours, theirs = (
        batch_and_loss(*pair, 0)
        for pair in (
            ('WholeBatchPreprocessor', whole_batch_collate),
            ('ClsDataPreprocessor', pseudo_collate),
        )
    )
    torch.testing.assert_close(ours, theirs)


def test_other_batches_go_mmpretrains_way():
    """Validation has lists of data samples, which the predictions are written to."""
    preprocessor = MODELS.build(dict(type='WholeBatchPreprocessor', num_classes=5))
    data = preprocessor(pseudo_collate(samples()), False)
    assert len(data['data_samples']) == 6
    assert data['inputs'].shape == (6, 3, 8, 8)
