"""Effective receptive fields: which pixels the centre of the last feature map depends on."""

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
from torch import Tensor, nn

from lkca_mm.errors import ConfigError
from lkca_mm.models import VisionTrunk


def measure_field(
    backbone: nn.Module, images: Tensor, directions: int = 8, seed: int = 0
) -> np.ndarray:
    """Measures the effective receptive field of a backbone (Luo et al., arXiv 1701.04128).

    It is the gradient of the centre of the last feature map with respect to the
    image, absolute, summed over the colours, averaged over the images. A feature has
    many channels; as the one number whose gradient is taken stands their sum with
    random signs, a few draws of them. The plain sum would not do: behind a LayerNorm
    it is constant, and its gradient zero.

    Args:
        backbone: Maps images to one or several maps (B, C, h, w); in evaluation mode.
        images: Normalised images of shape (B, 3, H, W), gone through one at a time.
        directions: How many draws of signs.
        seed: Seed of the signs.

    Returns:
        Each pixel's share of the whole, shape (H, W), float64; they sum to 1.

    Raises:
        ConfigError: If the backbone gives no map, or no pixel has an effect on it.
    """
    generator = torch.Generator().manual_seed(seed)
    total = torch.zeros(images.shape[-2:], dtype=torch.float64)
    signs: Tensor | None = None
    for image in images:
        image = image[None].detach().requires_grad_()
        with torch.enable_grad(), _maps(backbone):
            features = _last_map(backbone, image)
            height, width = features.shape[-2:]
            centre = features[0, :, height // 2, width // 2]
            if signs is None:
                signs = 2.0 * torch.randint(2, (directions, len(centre)), generator=generator) - 1
            for number in range(directions):
                (gradient,) = torch.autograd.grad(
                    centre @ signs[number].to(centre),
                    image,
                    retain_graph=number + 1 < directions,
                    allow_unused=True,
                )
                if gradient is not None:
                    total += gradient[0].detach().cpu().double().abs().sum(dim=0)
    if not (total.sum() > 0 and torch.isfinite(total).all()):
        raise ConfigError(
            f'{type(backbone).__name__}: no pixel has a finite effect on the last feature map'
        )
    return (total / total.sum()).numpy()


@contextmanager
def _maps(backbone: nn.Module) -> Iterator[None]:
    """Has a classifier's trunk return its tokens as a map, not their mean or class token."""
    if not isinstance(backbone, VisionTrunk):
        yield
        return
    before, backbone.out_type = backbone.out_type, 'featmap'
    try:
        yield
    finally:
        backbone.out_type = before


def _last_map(backbone: nn.Module, image: Tensor) -> Tensor:
    features = backbone(image)
    if isinstance(features, (list, tuple)) and len(features):
        features = features[-1]
    if not isinstance(features, Tensor) or features.dim() != 4:
        raise ConfigError(f'{type(backbone).__name__} returns no feature map (B, C, h, w)')
    return features
