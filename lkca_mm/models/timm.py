"""The backbones in timm, under its names, with its methods, its head and its settings.

``import lkca_mm.models.timm`` registers them for ``timm.create_model``; it needs ``timm>=1.0.9``.
"""

from collections.abc import Callable, Sequence
from typing import Any

from timm.data import IMAGENET_DEFAULT_MEAN, IMAGENET_DEFAULT_STD
from timm.models import build_model_with_cfg, generate_default_cfgs, register_model
from timm.models._features import feature_take_indices
from timm.models.vision_transformer import global_pool_nlc
from torch import Tensor, nn

from lkca_mm.errors import ConfigError
from lkca_mm.models.constructors import CONSTRUCTORS

POOLS = ('', 'avg', 'avgmax', 'max', 'token')


class TimmVisionTrunk(nn.Module):
    """A :class:`lkca_mm.models.VisionTrunk` as timm's users expect a vision transformer.

    As in timm's own, the final norm comes behind the pooling where that is an average
    or a maximum, else before it; and feature maps come without it unless asked for.

    Args:
        build: The name of a constructor in :mod:`lkca_mm.models.constructors`.
        num_classes: Number of classes; 0 leaves the head out.
        global_pool: ``'avg'``, ``'max'``, ``'avgmax'``, ``'token'`` (the class token),
            or ``''`` for none; None is ``'token'`` where self-attention reads with a class
            token, else ``'avg'``.
        in_chans: Channels of the image.
        drop_rate: Dropout before the head, in [0, 1).
        proj_drop_rate: Dropout within the trunk, in [0, 1).
        **settings: The other settings of the constructor.

    Raises:
        ConfigError: If a setting has an impossible value.
    """

    def __init__(
        self,
        build: str,
        num_classes: int = 1000,
        global_pool: str | None = None,
        in_chans: int = 3,
        drop_rate: float = 0.0,
        proj_drop_rate: float = 0.0,
        **settings: Any,
    ) -> None:
        super().__init__()
        self.trunk = CONSTRUCTORS[build](
            **{**settings, 'in_channels': in_chans, 'drop_rate': proj_drop_rate, 'final_norm': True}
        )
        self.embed_dim = self.num_features = self.head_hidden_size = self.trunk.embed_dims
        self.num_prefix_tokens = self.trunk.num_prefix_tokens
        self.has_class_token = bool(self.num_prefix_tokens)
        self.grad_checkpointing = self.trunk.with_cp
        self.feature_info = [
            {
                'module': f'trunk.layers.{index}',
                'num_chs': self.embed_dim,
                'reduction': max(self.trunk.patch_size),
            }
            for index in range(self.trunk.num_layers)
        ]
        self.head_drop = nn.Dropout(drop_rate)
        if global_pool is None:
            global_pool = 'token' if self.trunk.reads_cls_token else 'avg'
        self.reset_classifier(num_classes, global_pool)
        self.norm_after_pool = 'avg' in self.global_pool or self.global_pool == 'max'

    def get_classifier(self) -> nn.Module:
        """Returns the head."""
        return self.head

    def reset_classifier(self, num_classes: int, global_pool: str | None = None) -> None:
        """Replaces the head, and the pooling if one is named.

        Raises:
            ConfigError: If there is no such pooling.
        """
        if global_pool is not None:
            if global_pool not in POOLS or (global_pool == 'token' and not self.has_class_token):
                known = [pool for pool in POOLS if pool != 'token' or self.has_class_token]
                raise ConfigError(f'global_pool={global_pool!r} must be one of {known}')
            self.global_pool = global_pool
        self.num_classes = num_classes
        self.head = nn.Linear(self.embed_dim, num_classes) if num_classes else nn.Identity()
        if num_classes:
            nn.init.trunc_normal_(self.head.weight, std=0.02)
            nn.init.zeros_(self.head.bias)
        self.head.to(self.trunk.pos_embed)

    def no_weight_decay(self) -> set[str]:
        """Returns the names of the embeddings, which optimisers should not shrink."""
        return {
            f'trunk.{name}'
            for name in ('pos_embed', 'cls_token', 'cls_pos_embed')
            if hasattr(self.trunk, name)
        }

    def group_matcher(self, coarse: bool = False) -> dict[str, Any]:
        """Returns how parameters fall into layers, for a learning rate of each layer's own."""
        return {
            'stem': r'^trunk\.(?:cls_token|cls_pos_embed|pos_embed|patch_embed)',
            'blocks': [(r'^trunk\.layers\.(\d+)', None), (r'^trunk\.final_norm', (99999,))],
        }

    def set_grad_checkpointing(self, enable: bool = True) -> None:
        """Turns on that layers are recomputed in the backward pass to save memory."""
        self.trunk.with_cp = self.grad_checkpointing = enable

    def forward_features(self, x: Tensor) -> Tensor:
        """Returns the last layer's tokens (B, P + H*W, C) of images (B, in_chans, h, w)."""
        tokens, grid = self.trunk.embed(x)
        for layer in self.trunk.layers:
            tokens = self.trunk.run_layer(layer, tokens, grid)
        return tokens if self.norm_after_pool else self.trunk.final_norm(tokens)

    def forward_head(self, x: Tensor, pre_logits: bool = False) -> Tensor:
        """Pools tokens (B, P + H*W, C) and returns logits (B, num_classes).

        Args:
            x: What :meth:`forward_features` returned.
            pre_logits: Whether to return what the head would get.
        """
        x = global_pool_nlc(x, self.global_pool, num_prefix_tokens=self.num_prefix_tokens)
        if self.norm_after_pool:
            x = self.trunk.final_norm(x)
        x = self.head_drop(x)
        return x if pre_logits else self.head(x)

    def forward(self, x: Tensor) -> Tensor:
        """Returns logits (B, num_classes) of images (B, in_chans, h, w) of any size."""
        return self.forward_head(self.forward_features(x))

    def forward_intermediates(
        self,
        x: Tensor,
        indices: int | Sequence[int] | None = None,
        return_prefix_tokens: bool = False,
        norm: bool = False,
        stop_early: bool = False,
        output_fmt: str = 'NCHW',
        intermediates_only: bool = False,
    ) -> Any:
        """Returns the results of several layers.

        Args:
            x: Images (B, in_chans, h, w).
            indices: Layers; a number n for the last n, None for all.
            return_prefix_tokens: Whether each is a pair with its class token.
            norm: Whether each passes the final norm.
            stop_early: Whether later layers are left out.
            output_fmt: ``'NCHW'`` for maps (B, C, H, W), ``'NLC'`` for tokens.
            intermediates_only: Whether the final tokens are left out.

        Returns:
            The final tokens, as :meth:`forward_features` returns them, and a list.
        """
        if output_fmt not in ('NCHW', 'NLC'):
            raise ConfigError(f"output_fmt={output_fmt!r} must be 'NCHW' or 'NLC'")
        wanted, last = feature_take_indices(len(self.trunk.layers), indices)
        tokens, grid = self.trunk.embed(x)
        results: list[Any] = []
        for index, layer in enumerate(self.trunk.layers):
            if stop_early and index > last:
                break
            tokens = self.trunk.run_layer(layer, tokens, grid)
            if index not in wanted:
                continue
            result = self.trunk.final_norm(tokens) if norm else tokens
            prefix, result = result.split([self.num_prefix_tokens, grid[0] * grid[1]], dim=1)
            if output_fmt == 'NCHW':
                result = result.transpose(1, 2).reshape(len(x), self.embed_dim, *grid)
            with_prefix = return_prefix_tokens and self.num_prefix_tokens
            results.append((result, prefix) if with_prefix else result)
        if intermediates_only:
            return results
        return (tokens if self.norm_after_pool else self.trunk.final_norm(tokens)), results

    def prune_intermediate_layers(
        self, indices: int | Sequence[int] = 1, prune_norm: bool = False, prune_head: bool = True
    ) -> list[int]:
        """Removes what :meth:`forward_intermediates` does not need; returns the layers' indices."""
        wanted, last = feature_take_indices(len(self.trunk.layers), indices)
        self.trunk.layers = self.trunk.layers[: last + 1]
        if prune_norm:
            self.trunk.final_norm = nn.Identity()
        if prune_head:
            self.reset_classifier(0, '')
        return wanted


def rename_weights(state_dict: dict[str, Tensor], model: nn.Module) -> dict[str, Tensor]:
    """Gives a checkpoint of ours the names of :class:`TimmVisionTrunk`.

    Args:
        state_dict: A checkpoint of mmengine, or weights of a classifier or of a backbone.
        model: The model that will load it.
    """
    weights = state_dict.get('state_dict', state_dict)
    whole = any(name.startswith('backbone.') for name in weights)
    necked = any(name.startswith('neck.') for name in weights)
    if whole and (necked or 'backbone.final_norm.weight' not in weights):
        # Here the head would read other features than the ones it was trained on.
        weights = {name: x for name, x in weights.items() if not name.startswith('head.')}
    names = {'backbone.': 'trunk.', 'head.fc.': 'head.', 'trunk.': 'trunk.', 'head.': 'head.'}
    renamed = {}
    for name, value in weights.items():
        ours = next((start for start in names if name.startswith(start)), None)
        if ours:
            renamed[names[ours] + name.removeprefix(ours)] = value
        elif not whole:  # else of a neck or a decode head
            renamed[f'trunk.{name}'] = value
    # Backbones of segmentation models end without a norm.
    for name, value in model.state_dict().items():
        if name.startswith('trunk.final_norm.'):
            renamed.setdefault(name, value)
    return renamed


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
    build, patch, size, _ = _MODELS[name]

    def create(pretrained: bool = False, **kwargs: Any) -> TimmVisionTrunk:
        sources = (kwargs.get('pretrained_cfg'), kwargs.get('pretrained_cfg_overlay'))
        if pretrained and not any(map(_names_weights, sources)):
            raise ConfigError(
                f'{name}: there are no pretrained weights of it; leave out pretrained=True or name '
                "a checkpoint: pretrained_cfg_overlay=dict(file='PATH', num_classes=N)"
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
                **kwargs,
            },
        )

    create.__name__ = create.__qualname__ = name
    create.__doc__ = f'``{build}`` with patches of {patch} for images of {size} x {size} pixels.'
    return create


for _name in _MODELS:
    register_model(_entrypoint(_name))
