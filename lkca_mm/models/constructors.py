"""The paper's backbones as plain functions, for use without a config.

They are ordinary modules: a tuple of maps (B, C, H, W) comes out, or of vectors (B, C)
from the three for small images. Every setting of :class:`lkca_mm.models.VisionTrunk`
can be given by its name.
"""

from typing import Any

from lkca_mm.models.vit import LKCAViT, PlainViT

# As in configs/_base_/models/lkca_classifier.py, less the stochastic depth of its training.
_SMALL_IMAGES: dict[str, Any] = {
    'img_size': 32,
    'patch_size': 4,
    'projections': 'value_output',
    'out_type': 'avg_featmap',
    'final_norm': True,
    'norm_eps': 1e-5,
    'weight_init': 'xavier_normal',
    'embed_std': 1.0,
}


def lkca_vit_small(**settings: Any) -> LKCAViT:
    """ViT-S with LKCA in every layer: 384 wide, 12 layers (paper 4.2).

    Args:
        **settings: See :class:`VisionTrunk`; ``img_size=512``, ``patch_size=16`` and
            ``out_indices=-1`` (the last layer alone) unless given.
    """
    return LKCAViT(**{'arch': 'small', **settings})


def lkca_vit_base(**settings: Any) -> LKCAViT:
    """ViT-B with LKCA in every layer: 768 wide, 12 layers; see :func:`lkca_vit_small`."""
    return LKCAViT(**{'arch': 'base', **settings})


def plain_vit_small(**settings: Any) -> PlainViT:
    """The paper's baseline ViT-S, with self-attention and a class token.

    Args:
        **settings: See :class:`VisionTrunk`; defaults as for :func:`lkca_vit_small`.
    """
    return PlainViT(**{'arch': 'small', **settings})


def plain_vit_base(**settings: Any) -> PlainViT:
    """The paper's baseline ViT-B; see :func:`plain_vit_small`."""
    return PlainViT(**{'arch': 'base', **settings})


def lkca_t(**settings: Any) -> LKCAViT:
    """LKCA-T for small images, 1M parameters: the mean of the tokens (B, 136) (paper 4.1).

    Args:
        **settings: See :class:`VisionTrunk`; ``img_size=32`` and ``patch_size=4``
            unless given.
    """
    return LKCAViT(**{'arch': 'lkca-t', **_SMALL_IMAGES, **settings})


def lkca_b(**settings: Any) -> LKCAViT:
    """LKCA-B for small images, 2.69M parameters and 210 wide; see :func:`lkca_t`."""
    return LKCAViT(**{'arch': 'lkca-b', **_SMALL_IMAGES, **settings})


def lkca_l(**settings: Any) -> LKCAViT:
    """LKCA-L for small images, 12.5M parameters and 360 wide; see :func:`lkca_t`."""
    return LKCAViT(**{'arch': 'lkca-l', **_SMALL_IMAGES, **settings})


CONSTRUCTORS = {
    build.__name__: build
    for build in (
        *(lkca_vit_small, lkca_vit_base, plain_vit_small, plain_vit_base),
        *(lkca_t, lkca_b, lkca_l),
    )
}
"""All of them, by their names."""
