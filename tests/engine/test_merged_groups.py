"""Parameter groups of one kind, with the options that mmengine gives each parameter."""

import torch
from mmengine.optim import build_optim_wrapper
from torch import nn


def build(constructor):
    torch.manual_seed(0)
    model = nn.ModuleDict({'norm': nn.LayerNorm(4), 'fc': nn.Linear(4, 4), 'head': nn.Linear(4, 2)})
    config = dict(
        constructor=constructor,
        optimizer=dict(type='AdamW', lr=0.1, weight_decay=0.01),
        paramwise_cfg=dict(custom_keys={'norm': dict(decay_mult=0.0), 'head': dict(lr_mult=10)}),
    )
    return model, build_optim_wrapper(model, config).optimizer


def options_of(model, optimizer):
    names = {id(parameter): name for name, parameter in model.named_parameters()}
    return {
        names[id(parameter)]: (group['lr'], group['weight_decay'])
        for group in optimizer.param_groups
        for parameter in group['params']
    }


def test_the_groups_are_fewer_and_the_options_the_same():
    model, merged = build('MergedGroupsConstructor')
    expected = options_of(*build('DefaultOptimWrapperConstructor'))
    assert options_of(model, merged) == expected
    assert len(expected) == 6
    assert len(merged.param_groups) == 3
