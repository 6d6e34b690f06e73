"""A compiled backbone learns what an eager one does, and evaluates eagerly."""

import copy
from types import SimpleNamespace

import pytest
import torch
from mmengine.config import Config
from mmengine.registry import DefaultScope
from mmpretrain.registry import MODELS
from mmpretrain.structures import DataSample

from lkca_mm.engine import CompileHook

CLASSIFIER = dict(
    type='ImageClassifier',
    backbone=dict(
        type='LKCAViT',
        arch=dict(embed_dims=12, num_layers=2, num_heads=3, mlp_ratio=2),
        img_size=16,
        patch_size=4,
        projections='value_output',
        kernel_init='trunc_normal',
        out_type='avg_featmap',
        final_norm=True,
    ),
    head=dict(type='LinearClsHead', num_classes=5, in_channels=12),
)


def count_graphs():
    return torch._dynamo.utils.counters['stats']['unique_graphs']


@pytest.fixture
def classifiers():
    """Two models with the same weights, of which the second is compiled."""
    torch._dynamo.reset()
    with DefaultScope.overwrite_default_scope('mmpretrain'):
        model = MODELS.build(Config(CLASSIFIER))
    compiled = copy.deepcopy(model)
    CompileHook(backend='aot_eager', fullgraph=True).before_train(SimpleNamespace(model=compiled))
    return model, compiled


def test_one_graph_that_gives_the_same(classifiers):
    images = torch.randn(3, 3, 16, 16)
    samples = [DataSample().set_gt_label(label) for label in (0, 3, 4)]
    before = count_graphs()
    for each in classifiers:
        each.loss(images, samples)['loss'].backward()
    assert count_graphs() == before + 1
    model, compiled = classifiers
    assert model.state_dict().keys() == compiled.state_dict().keys()
    for (name, ours), theirs in zip(compiled.named_parameters(), model.parameters(), strict=True):
        torch.testing.assert_close(ours.grad, theirs.grad, msg=lambda m, n=name: f'{n}: {m}')
    with torch.no_grad():
        expected, found = (each.eval()(images, mode='tensor') for each in classifiers)
    assert torch.equal(found, expected)
    assert count_graphs() == before + 1


def test_a_copy_runs_its_own_weights(classifiers):
    compiled = classifiers[1].train()
    images = torch.randn(2, 3, 16, 16)
    twin = copy.deepcopy(compiled)
    with torch.no_grad():
        for parameter in compiled.parameters():
            parameter.zero_()
    assert compiled.backbone(images)[0].abs().max() == 0
    assert twin.backbone(images)[0].abs().max() > 0
