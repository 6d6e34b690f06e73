"""AdamW on PyTorch before 2.4: what a config of ours asks for works on a CPU."""

import pytest
import torch
from mmengine.registry import OPTIMIZERS

from lkca_mm.engine.unfused_adamw import UnfusedAdamW


@pytest.mark.parametrize('grouped', [False, True])
def test_same_steps_as_pytorchs(grouped):
    results = []
    for kind, fused in ((UnfusedAdamW, True), (torch.optim.AdamW, None)):
        torch.manual_seed(0)
        layer = torch.nn.Linear(3, 2)
        params = layer.parameters()
        if grouped:
            params = [{'params': layer.weight, 'lr': 0.1}, {'params': [layer.bias]}]
        optimizer = kind(params, lr=1e-2, weight_decay=0.05, fused=fused)
        for _ in range(3):
            optimizer.zero_grad()
            layer(torch.ones(1, 3)).square().sum().backward()
            optimizer.step()
        results.append([layer.weight, layer.bias])
    torch.testing.assert_close(*results, rtol=0, atol=0)
    assert UnfusedAdamW.__name__ == 'AdamW'


def test_the_registry_builds_what_the_configs_ask_for():
    layer = torch.nn.Linear(3, 2)
    cfg = dict(type='AdamW', lr=1e-3, betas=(0.9, 0.999), weight_decay=0.05, fused=True)
    optimizer = OPTIMIZERS.build({**cfg, 'params': layer.parameters()})
    layer(torch.ones(1, 3)).sum().backward()
    optimizer.step()
    assert type(optimizer).__name__ == 'AdamW'
