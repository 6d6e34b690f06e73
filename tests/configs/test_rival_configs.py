"""The rivals of Tables 4 and 5: a leaf a cell, and that they learn; tests/paper counts them."""

import pytest
import torch
from checks import read_config
from mmpretrain.registry import MODELS
from mmpretrain.structures import DataSample

from lkca_mm.paper.tables import load_table

pytest.importorskip('vit_pytorch')
CLASSES = {'cifar10': 10, 'cifar100': 100, 'svhn': 10, 'tiny-imagenet': 200}

CELLS = sorted(
    {
        (row.config, dataset)
        for number in (4, 5)
        for row in load_table(number).rows
        for dataset in row.printed
        if not row.config.startswith(('vit-', 'lkca-'))
    }
)


def build(config):
    # A copy: the classifier writes its mixing into the preprocessor's settings.
    return MODELS.build(config.model | dict(data_preprocessor=config.data_preprocessor.copy()))


@pytest.mark.parametrize(('stem', 'dataset'), [cell for cell in CELLS if cell[1] != 'cifar100'])
def test_loss_reaches_every_weight_and_scores_all_classes(stem, dataset):
    """Images differ, a loss of mixed labels reaches every weight, scores are of all classes."""
    config = read_config(f'{dataset}/{stem}_100e.py')
    classes, size = CLASSES[dataset], 64 if dataset == 'tiny-imagenet' else 32
    assert config.model.backbone.img_size == size
    torch.manual_seed(0)
    model = build(config)
    images = torch.randn(2, 3, size, size)
    labels = torch.full((2, classes), 1 / classes)
    assert not torch.equal(*model(images))
    losses = model(images, [DataSample().set_gt_score(label) for label in labels], mode='loss')
    assert losses['loss'].isfinite()
    losses['loss'].backward()
    assert [name for name, p in model.named_parameters() if p.grad is None] == []
    assert sum(p.grad.abs().sum() for p in model.parameters()) > 0
    with torch.no_grad():
        samples = model.eval()(images, mode='predict')
    assert [sample.pred_score.shape for sample in samples] == [(classes,)] * 2
    assert samples[0].pred_score.sum().item() == pytest.approx(1, abs=1e-4)


@pytest.mark.parametrize(('stem', 'dataset'), CELLS)
def test_recipe_is_that_of_lkca(stem, dataset):
    ours, lkca = (read_config(f'{dataset}/{name}_100e.py') for name in (stem, 'lkca-t'))
    for key in ('train_dataloader', 'val_dataloader', 'data_preprocessor', 'train_cfg'):
        assert ours[key] == lkca[key]
    for key in ('optim_wrapper', 'param_scheduler', 'default_hooks', 'custom_hooks'):
        assert ours[key] == lkca[key]
    assert ours.model.train_cfg == lkca.model.train_cfg
    assert ours.model.head.loss == lkca.model.head.loss
