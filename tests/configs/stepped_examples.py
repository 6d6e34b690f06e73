"""Building an example config small, and stepping it as a training loop does."""

from pathlib import Path

import torch
from checks import read_config
from mmengine.optim import build_optim_wrapper

from lkca_mm.config import build_network

EXAMPLES = Path(__file__).parents[2] / 'configs' / 'examples'
# As wide and deep as the heads expect, with hardly any MLP; a kernel that is not zero lets
# gradients through to the norm before it.
SMALL = dict(
    arch=dict(embed_dims=384, num_layers=12, num_heads=2, mlp_ratio=0.05),
    img_size=64,
    kernel_init='trunc_normal',
)


def read_example(name, **backbone):
    """Returns a config of configs/examples with settings of its backbone replaced."""
    config = read_config(f'examples/{name}.py')
    config.model.backbone.update(backbone)
    return config


def build_model(config):
    """Builds a config's model and draws its weights, as a runner does."""
    torch.manual_seed(0)
    model = build_network(config)
    model.init_weights()
    return model


def step(model, config, batch):
    """Trains one step on a batch from a data loader.

    The loss must be finite and reach every parameter of the backbone that is not frozen.
    Returns the losses as they are logged, and the names of the parameters that moved.
    """
    wrapper = build_optim_wrapper(model, config.optim_wrapper)
    model.train()
    before = {name: value.detach().clone() for name, value in model.named_parameters()}
    data = model.data_preprocessor(batch, training=True)
    total, logged = model.parse_losses(model(**data, mode='loss'))
    assert torch.isfinite(total), logged
    wrapper.backward(total)
    trained = {name: p for name, p in model.named_parameters() if p.requires_grad}
    for name, grad in ((n, p.grad) for n, p in trained.items() if n.startswith('backbone.')):
        assert grad is not None and grad.isfinite().all() and grad.any(), name
    wrapper.step()
    after = dict(model.named_parameters())
    assert all(value.isfinite().all() for value in after.values())
    return logged, {name for name in before if not torch.equal(before[name], after[name])}
