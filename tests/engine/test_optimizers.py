"""Optimizers, groups and mixed precision against PyTorch's and mmengine's own."""

import pytest
import torch
from mmengine.optim import build_optim_wrapper
from mmengine.registry import OPTIMIZERS
from torch import nn

from lkca_mm.config import build_network, get_config
from lkca_mm.engine import BFloat16OptimWrapper, optimizers


@pytest.mark.parametrize('fused', [True, False])
@pytest.mark.parametrize('grouped', [False, True])
def test_fused_adamw_takes_the_steps_of_adamw(monkeypatch, fused, grouped):
    if fused and not optimizers._FUSED_ON_CPU:
        pytest.skip('PyTorch before 2.4 has no fused kernel for a CPU')
    monkeypatch.setattr(optimizers, '_FUSED_ON_CPU', fused)
    results = []
    for kind in ('FusedAdamW', 'AdamW'):
        torch.manual_seed(0)
        layer = nn.Linear(3, 2)
        params = [{'params': [layer.weight], 'lr': 0.1}, {'params': [layer.bias]}]
        settings = dict(
            lr=1e-2, weight_decay=0.05, params=params if grouped else layer.parameters()
        )
        optimizer = OPTIMIZERS.build({'type': kind, **settings})
        for _ in range(3):
            optimizer.zero_grad()
            layer(torch.ones(1, 3)).square().sum().backward()
            optimizer.step()
        results.append([layer.weight, layer.bias])
        assert type(optimizer) is torch.optim.AdamW
        wanted = fused or None if kind == 'FusedAdamW' else None
        assert all(group['fused'] is wanted for group in optimizer.param_groups)
    torch.testing.assert_close(*results)


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


def test_merged_groups_have_the_options_of_mmengines():
    model, merged = build('MergedGroupsConstructor')
    expected = options_of(*build('DefaultOptimWrapperConstructor'))
    assert options_of(model, merged) == expected
    assert len(expected) == 6
    assert len(merged.param_groups) == 3


def test_segmentation_configs_decay_neither_norms_nor_positions():
    """One step of the fused optimizer for each group, not one a parameter."""
    for name, positions in (('vit', 2), ('swin', 12)):  # Swin has a table a layer
        config = get_config(f'upernet_{name}-s_ade20k_20k.py')
        model = build_network(config)
        optimizer = build_optim_wrapper(model, config.optim_wrapper).optimizer
        fused = [bool(group['fused']) for group in optimizer.param_groups]
        assert fused == [optimizers._FUSED_ON_CPU] * 2
        found = options_of(model, optimizer)
        spared = {
            n for n in found if any(w in n for w in ('norm', 'cls_token', 'pos_', 'position'))
        }
        assert sum('position' in n or 'pos_embed' in n for n in spared) == positions
        assert {found[n] for n in spared} == {(6e-5, 0.0)}
        assert found['decode_head.conv_seg.weight'] == (6e-5, 0.01)


@pytest.mark.parametrize('device', ['cpu', pytest.param('cuda', marks=pytest.mark.gpu)])
def test_bfloat16_runs_the_forward_pass_alone_in_bf16(device):
    layer = nn.Linear(3, 2).to(device)
    wrapper = BFloat16OptimWrapper(torch.optim.SGD(layer.parameters(), lr=0.1))
    with wrapper.optim_context(layer):
        output = layer(torch.ones(1, 3, device=device))
    assert output.dtype == torch.bfloat16
    before = layer.weight.detach().clone()
    wrapper.update_params(output.float().sum())
    assert layer.weight.dtype == torch.float32
    torch.testing.assert_close(layer.weight, before - 0.1, rtol=0, atol=1e-3)
