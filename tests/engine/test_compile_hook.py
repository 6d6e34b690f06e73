"""A run with a compiled backbone learns what a run without one does."""

import copy
from types import SimpleNamespace

import pytest
import torch
from mmengine.config import Config
from mmengine.registry import DefaultScope
from mmpretrain.registry import MODELS
from mmpretrain.structures import DataSample
from torch import nn

from lkca_mm.engine import CompileHook
from lkca_mm.errors import ConfigError

CONFIG = dict(
    type='ImageClassifier',
    backbone=dict(
        type='LKCAViT', arch=dict(embed_dims=24, num_layers=2, num_heads=3, mlp_ratio=2),
        img_size=16, patch_size=4, projections='value_output', kernel_init='trunc_normal',
        out_type='avg_featmap', final_norm=True,
    ),
    head=dict(type='LinearClsHead', num_classes=5, in_channels=24),
)  # fmt: skip


def test_one_graph_that_gives_the_same():
    torch._dynamo.reset()
    with DefaultScope.overwrite_default_scope('mmpretrain'):
        model = MODELS.build(Config(CONFIG))
    compiled = copy.deepcopy(model)
    CompileHook(backend='aot_eager').before_train(SimpleNamespace(model=compiled))
    images = torch.randn(3, 3, 16, 16)
    samples = [DataSample().set_gt_label(label) for label in (0, 3, 4)]
    before = torch._dynamo.utils.counters['stats']['unique_graphs']
    for one in (model, compiled):
        one.loss(images, samples)['loss'].backward()
    assert torch._dynamo.utils.counters['stats']['unique_graphs'] == before + 1
    assert model.state_dict().keys() == compiled.state_dict().keys()
    for (name, ours), theirs in zip(compiled.named_parameters(), model.parameters(), strict=True):
        torch.testing.assert_close(ours.grad, theirs.grad, msg=lambda m, n=name: f'{n}: {m}')
    # Evaluation after training, with the kernels folded in one of them.
    with torch.no_grad():
        expected, found = (one.eval()(images, mode='tensor') for one in (model, compiled))
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)


def test_a_model_without_a_backbone_is_named():
    with pytest.raises(ConfigError, match='Linear has no backbone to compile'):
        CompileHook().before_train(SimpleNamespace(model=nn.Linear(1, 1)))
