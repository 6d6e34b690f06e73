"""Weights that hide nothing."""

import torch


def randomise(model, seed=0):
    """Replaces all weights, so that zero kernels and unit norms cannot hide a fault."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in model.parameters():
            noise = torch.randn(parameter.shape, generator=generator, dtype=torch.float64)
            parameter.copy_(0.2 * noise)
    return model
