"""The names by which ``timm.create_model`` knows the backbones."""

from collections.abc import Callable
from typing import Any

from timm.data import IMAGENET_DEFAULT_MEAN, IMAGENET_DEFAULT_STD
from timm.models import build_model_with_cfg, generate_default_cfgs, register_model

from lkca_mm.errors import ConfigError
from lkca_mm.models.timm_model import TimmVisionTrunk, rename_weights

# Name -> constructor and its patch size, image size and classes.
_SEGMENTATION = {
    f'{build}_patch{patch}_512': (build, patch, 512, 1000)
    for build in ('lkca_vit_small', 'lkca_vit_base', 'plain_vit_small', 'plain_vit_base')
    for patch in (16, 32)
}
_SMALL_IMAGES = {
    f'{build}_patch4_32': (build, 4, 32, 10) for build in ('lkca_t', 'lkca_b', 'lkca_l')
}
_MODELS = {**_SEGMENTATION, **_SMALL_IMAGES}
# Of CIFAR-10, as in configs/_base_/datasets/cifar10.py.
_CIFAR = {'mean': (0.4914, 0.4822, 0.4465), 'std': (0.2470, 0.2435, 0.2616)}
_IMAGENET = {'mean': IMAGENET_DEFAULT_MEAN, 'std': IMAGENET_DEFAULT_STD}

default_cfgs = generate_default_cfgs(
    {
        name: {
            'num_classes': classes,
            'input_size': (3, size, size),
            'pool_size': None,
            'crop_pct': 1.0,
            'interpolation': 'bicubic',
            'first_conv': 'trunk.patch_embed.projection',
            'classifier': 'head',
            'license': 'apache-2.0',
            **(_CIFAR if name in _SMALL_IMAGES else _IMAGENET),
        }
        for name, (_, _, size, classes) in _MODELS.items()
    }
)


def _names_weights(config: Any) -> bool:
    """Tells whether a pretrained config of timm's says where weights are."""
    get = config.get if isinstance(config, dict) else lambda key: getattr(config, key, None)
    return any(get(key) for key in ('file', 'state_dict', 'url', 'hf_hub_id'))


def _entrypoint(name: str) -> Callable[..., TimmVisionTrunk]:
    build, patch, size, classes = _MODELS[name]

    def create(pretrained: bool = False, **kwargs: Any) -> TimmVisionTrunk:
        sources = (kwargs.get('pretrained_cfg'), kwargs.get('pretrained_cfg_overlay'))
        if pretrained and not any(map(_names_weights, sources)):
            raise ConfigError(
                f'{name}: there are no pretrained weights of it; leave out pretrained=True, or '
                "name a checkpoint: pretrained_cfg_overlay=dict(file='PATH')"
            )
        return build_model_with_cfg(
            TimmVisionTrunk,
            name,
            pretrained,
            feature_cfg={'out_indices': 4, 'feature_cls': 'getter'},
            pretrained_filter_fn=rename_weights,
            **{
                'build': build,
                'patch_size': patch,
                'img_size': size,
                'num_classes': classes,
                **kwargs,
            },
        )

    create.__name__ = create.__qualname__ = name
    create.__doc__ = f'``{build}`` with patches of {patch} for images of {size} x {size} pixels.'
    return create


for _name in _MODELS:
    register_model(_entrypoint(_name))
