"""The vision transformer with a pluggable token mixer, read from patches to feature maps.

:class:`LKCAViT` and :class:`PlainViT` at the end are the registered backbones.
"""

import re
from collections.abc import Sequence
from typing import Any

import torch
from mmengine.logging import print_log
from mmengine.model import BaseModule
from mmengine.registry import MODELS as ENGINE_MODELS
from mmpretrain.registry import MODELS as PRETRAIN_MODELS
from mmseg.registry import MODELS as SEG_MODELS
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.checkpoint import checkpoint
from torchvision.ops import StochasticDepth

from lkca_mm.errors import ConfigError
from lkca_mm.models.archs import resolve_arch
from lkca_mm.models.mixers import MIXERS

OUT_TYPES = ('featmap', 'featmap_and_readout', 'avg_featmap', 'cls_token')
DROP_PATH_RULES = ('linear', 'constant')
INTERPOLATE_MODES = ('bicubic', 'bilinear', 'nearest')
WEIGHT_INITS = ('trunc_normal', 'xavier_normal')


class PatchEmbedding(nn.Module):
    """Cuts an image into patches and projects each to a token.

    An image whose sides the patch does not divide is padded with zeros at the
    bottom and at the right.

    Args:
        in_channels: Channels of the image.
        embed_dims: Channels C of a token.
        patch_size: Height and width of a patch, in pixels.
        bias: Whether the projection has a bias.
    """

    def __init__(
        self, in_channels: int, embed_dims: int, patch_size: tuple[int, int], bias: bool = True
    ) -> None:
        super().__init__()
        self.patch_size = patch_size
        self.projection = nn.Conv2d(
            in_channels, embed_dims, kernel_size=patch_size, stride=patch_size, bias=bias
        )

    def forward(self, image: Tensor) -> tuple[Tensor, tuple[int, int]]:
        """Embeds a batch of images.

        Args:
            image: Images of shape (B, in_channels, height, width), in pixels.

        Returns:
            Tokens of shape (B, H*W, C) and the grid (H, W).
        """
        height, width = image.shape[-2:]
        bottom, right = -height % self.patch_size[0], -width % self.patch_size[1]
        if bottom or right:
            image = F.pad(image, (0, right, 0, bottom))
        patches = self.projection(image)
        grid = (int(patches.shape[-2]), int(patches.shape[-1]))
        # Tokens in memory as they are read: of a transposed view every LayerNorm would make
        # a copy, and every residual add would mix two layouts.
        return patches.flatten(2).transpose(1, 2).contiguous(), grid


def resample_position_embedding(
    pos_embed: Tensor, grid: tuple[int, int], mode: str = 'bicubic'
) -> Tensor:
    """Resamples a position embedding to another grid.

    Args:
        pos_embed: Embedding of shape (1, H, W, C).
        grid: The new grid (H', W').
        mode: One of ``INTERPOLATE_MODES``.

    Returns:
        Embedding of shape (1, H', W', C) in the type of ``pos_embed``. The
        arithmetic is in fp32 at least: bicubic weights lose too much in bf16.
    """
    if tuple(pos_embed.shape[1:3]) == tuple(grid):
        return pos_embed
    image = pos_embed.permute(0, 3, 1, 2)
    image = image.to(torch.float64 if image.dtype == torch.float64 else torch.float32)
    align_corners = None if mode == 'nearest' else False
    image = F.interpolate(image, size=grid, mode=mode, align_corners=align_corners)
    return image.permute(0, 2, 3, 1).to(pos_embed.dtype)


class MLP(nn.Module):
    """Two Linears with a GELU between them.

    Args:
        embed_dims: Channels C.
        hidden_dims: Channels between the two Linears.
        drop_rate: Dropout after each Linear, in [0, 1).
    """

    def __init__(self, embed_dims: int, hidden_dims: int, drop_rate: float = 0.0) -> None:
        super().__init__()
        self.fc1 = nn.Linear(embed_dims, hidden_dims)
        self.act = nn.GELU()
        self.fc2 = nn.Linear(hidden_dims, embed_dims)
        self.drop = nn.Dropout(drop_rate)

    def forward(self, x: Tensor) -> Tensor:
        """Maps tokens of shape (..., C) to tokens of the same shape."""
        return self.drop(self.fc2(self.drop(self.act(self.fc1(x)))))


class TransformerLayer(nn.Module):
    """z' = mixer(LN(z)) + z; z'' = MLP(LN(z')) + z' (paper 3.2.3, equations 2 and 3).

    Args:
        embed_dims: Channels C.
        mixer: The token mixer, called as ``mixer(x, grid, num_prefix_tokens)``.
        mlp_ratio: Hidden channels of the MLP over C.
        drop_rate: Dropout in the MLP, in [0, 1).
        drop_path_rate: Probability that a sample skips a branch, in [0, 1).
        norm_eps: Epsilon of the LayerNorms.
    """

    def __init__(
        self,
        embed_dims: int,
        mixer: nn.Module,
        mlp_ratio: float,
        drop_rate: float = 0.0,
        drop_path_rate: float = 0.0,
        norm_eps: float = 1e-6,
    ) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(embed_dims, eps=norm_eps)
        self.mixer = mixer
        self.norm2 = nn.LayerNorm(embed_dims, eps=norm_eps)
        self.mlp = MLP(embed_dims, round(embed_dims * mlp_ratio), drop_rate)
        self.drop_path = StochasticDepth(drop_path_rate, 'row') if drop_path_rate else nn.Identity()

    def forward(self, x: Tensor, grid: tuple[int, int], num_prefix_tokens: int = 0) -> Tensor:
        """Maps tokens of shape (B, P + H*W, C) to tokens of the same shape."""
        x = x + self.drop_path(self.mixer(self.norm1(x), grid, num_prefix_tokens))
        return x + self.drop_path(self.mlp(self.norm2(x)))


def init_trunk(trunk: nn.Module, weight_init: str, embed_std: float) -> None:
    """Draws the Linears, the patch projection and the embeddings of a trunk.

    The kernels of LKCA have a setting of their own, and LayerNorms start as 1 and 0.

    Args:
        trunk: A :class:`lkca_mm.models.VisionTrunk`.
        weight_init: One of ``WEIGHT_INITS``.
        embed_std: Standard deviation of position embedding and class token.
    """
    draw = _xavier_normal if weight_init == 'xavier_normal' else _trunc_normal
    for name, module in trunk.named_modules():
        if isinstance(module, (nn.Linear, nn.Conv2d)):
            draw(name, module)
    draw_embedding = nn.init.normal_ if weight_init == 'xavier_normal' else nn.init.trunc_normal_
    for name in ('pos_embed', 'cls_token', 'cls_pos_embed'):
        if hasattr(trunk, name):
            draw_embedding(getattr(trunk, name), std=embed_std)


def _trunc_normal(name: str, module: nn.Linear | nn.Conv2d) -> None:
    """Draws a projection as ViT is trained from scratch in mmseg and timm."""
    if isinstance(module, nn.Conv2d):
        nn.init.kaiming_normal_(module.weight, mode='fan_in', nonlinearity='relu')
        if module.bias is not None:
            nn.init.zeros_(module.bias)
        return
    nn.init.trunc_normal_(module.weight, std=0.02)
    if module.bias is not None:
        # Small but not zero in the MLP: the original JAX code of ViT.
        nn.init.normal_(module.bias, std=1e-6 if 'mlp' in name else 0.0)


@torch.no_grad()
def _xavier_normal(name: str, module: nn.Linear | nn.Conv2d) -> None:
    """Draws a projection with the variance 2 / (inputs + outputs)."""
    # A patch projection is a Linear over the pixels of a patch; Conv2d's own
    # rule would count its outputs once for every pixel.
    nn.init.xavier_normal_(module.weight.flatten(1))
    if module.bias is not None:
        nn.init.zeros_(module.bias)


def _pair(key: str, value: int | Sequence[int]) -> tuple[int, int]:
    """Returns ``value`` as (height, width); raises ConfigError naming ``key``."""
    pair = tuple(value) if isinstance(value, (list, tuple)) else (value, value)
    whole = all(isinstance(side, int) and not isinstance(side, bool) for side in pair)
    if len(pair) != 2 or not whole or min(pair) < 1:
        raise ConfigError(f'{key}={value!r} must be one or two positive whole numbers')
    return pair


def expand_mixers(mixers: str | Sequence[str], num_layers: int) -> list[str]:
    """Spreads a name or a pattern of mixers over the layers.

    Args:
        mixers: A name in ``MIXERS``, or a list of names that is repeated until
            every layer has one; its length must divide ``num_layers``.
        num_layers: Number of layers.

    Returns:
        One name a layer.

    Raises:
        ConfigError: If a name is unknown or the pattern does not fit.
    """
    pattern = [mixers] if isinstance(mixers, str) else list(mixers)
    for name in pattern:
        if name not in MIXERS:
            raise ConfigError(f'mixers: {name!r} is unknown; use {", ".join(MIXERS)}')
    if not pattern or num_layers % len(pattern):
        raise ConfigError(
            f'mixers has {len(pattern)} entries, which cannot be repeated over {num_layers} layers'
        )
    return pattern * (num_layers // len(pattern))


def _layer_rates(drop_path_rate: float, rule: str, num_layers: int) -> list[float]:
    if not 0 <= drop_path_rate < 1:
        raise ConfigError(f'drop_path_rate={drop_path_rate} must be in [0, 1)')
    if rule not in DROP_PATH_RULES:
        raise ConfigError(f'drop_path_rule={rule!r} must be one of {DROP_PATH_RULES}')
    if rule == 'constant':
        return [float(drop_path_rate)] * num_layers
    return torch.linspace(0, drop_path_rate, num_layers, device='cpu').tolist()


class VisionTrunk(BaseModule):
    """A plain vision transformer with a pluggable token mixer (paper 3.2.3).

    Use its registered forms :class:`LKCAViT` and :class:`PlainViT`.

    Args:
        arch: A name in :data:`lkca_mm.models.ARCHS` (``'small'`` is 384 wide, with
            12 layers, 6 heads and MLP 4x), or a dict with ``embed_dims``,
            ``num_layers``, ``num_heads`` and ``mlp_ratio``.
        img_size: Height and width of the training images, in pixels. Sets the
            sizes of the position embedding and of the kernels.
        patch_size: Height and width of a patch, in pixels.
        in_channels: Channels of the image.
        out_indices: Layers whose tokens are returned; negative ones count from
            the last.
        out_type: What is returned of each of these layers: ``'featmap'`` for a map
            (B, C, H, W), ``'avg_featmap'`` for the mean of the patch tokens (B, C),
            ``'cls_token'`` for the class token (B, C), ``'featmap_and_readout'`` for
            the map beside a vector (B, C), as mmseg's ``DPTHead`` takes it: the class
            token, or the mean of the patch tokens where there is none.
        mixers: ``'lkca'``, ``'mhsa'``, ``'lkca+mhsa'`` (the sum of the two), or a
            list of them that is repeated over the layers.
        with_cls_token: Whether a class token runs along. Feature maps never
            contain it.
        projections: For LKCA: ``'none'`` (also None) or ``'value_output'``.
        num_kernels: For LKCA: number of kernels; divides ``embed_dims``.
        kernel_size: For LKCA: (Kh, Kw), odd. None means (2H-1, 2W-1) for the
            grid of ``img_size``.
        kernel_init: For LKCA: ``'zero'``, ``'conv'`` or ``'trunc_normal'``.
        gate: For LKCA: ``'none'`` (also None) or ``'silu'``, a gate behind the kernel that
            is ours and not the paper's.
        resample_kernels: For LKCA: whether a checkpoint's kernels of another
            size are resampled instead of cropped or zero-padded.
        backend: For LKCA: see :func:`lkca_mm.ops.lkca`.
        qkv_bias: For self-attention: whether its qkv projection has a bias.
        patch_bias: Whether the patch projection has a bias.
        drop_rate: Dropout of tokens, of the mixers' results and in the MLPs.
        attn_drop_rate: For self-attention: dropout of its scores.
        drop_path_rate: Stochastic depth of the last layer, in [0, 1).
        drop_path_rule: ``'linear'``: the rate rises from 0 in the first layer;
            ``'constant'``: every layer has it.
        final_norm: Whether the last layer's result passes a LayerNorm before it
            is returned. With ``out_type='avg_featmap'`` it comes after the mean.
        weight_init: ``'trunc_normal'`` (std 0.02, as ViT is trained from scratch
            in mmseg and timm) or ``'xavier_normal'`` (biases 0).
        embed_std: Standard deviation that position embedding and class token are
            drawn with.
        norm_eps: Epsilon of the LayerNorms.
        interpolate_mode: How the position embedding is resampled: ``'bicubic'``,
            ``'bilinear'`` or ``'nearest'``.
        frozen_stages: -1 trains everything, 0 freezes the patch and position
            embedding, n also the first n layers; with all layers the final norm.
        with_cp: Whether layers are recomputed in the backward pass to save memory.
        init_cfg: Initialisation, as in every mmengine module.

    Raises:
        ConfigError: If a setting has an impossible value.
    """

    def __init__(
        self,
        arch: str | dict[str, Any] = 'small',
        img_size: int | Sequence[int] = 512,
        patch_size: int | Sequence[int] = 16,
        in_channels: int = 3,
        out_indices: int | Sequence[int] = -1,
        out_type: str = 'featmap',
        mixers: str | Sequence[str] = 'lkca',
        with_cls_token: bool = False,
        projections: str | None = 'none',
        num_kernels: int = 1,
        kernel_size: int | Sequence[int] | None = None,
        kernel_init: str = 'zero',
        gate: str | None = 'none',
        resample_kernels: bool = False,
        backend: str = 'auto',
        qkv_bias: bool = True,
        patch_bias: bool = True,
        drop_rate: float = 0.0,
        attn_drop_rate: float = 0.0,
        drop_path_rate: float = 0.0,
        drop_path_rule: str = 'linear',
        final_norm: bool = False,
        norm_eps: float = 1e-6,
        weight_init: str = 'trunc_normal',
        embed_std: float = 0.02,
        interpolate_mode: str = 'bicubic',
        frozen_stages: int = -1,
        with_cp: bool = False,
        init_cfg: dict[str, Any] | list[dict[str, Any]] | None = None,
    ) -> None:
        super().__init__(init_cfg=init_cfg)
        settings = resolve_arch(arch)
        self.embed_dims: int = settings['embed_dims']
        self.num_layers: int = settings['num_layers']
        self.img_size = _pair('img_size', img_size)
        self.patch_size = _pair('patch_size', patch_size)
        if self.patch_size[0] > self.img_size[0] or self.patch_size[1] > self.img_size[1]:
            raise ConfigError(f'patch_size={patch_size} is larger than img_size={img_size}')
        if interpolate_mode not in INTERPOLATE_MODES:
            raise ConfigError(
                f'interpolate_mode={interpolate_mode!r} must be one of {INTERPOLATE_MODES}'
            )
        self.interpolate_mode = interpolate_mode
        self.with_cp = with_cp
        self.out_indices = self._check_out_indices(out_indices)
        if out_type not in OUT_TYPES:
            raise ConfigError(f'out_type={out_type!r} must be one of {OUT_TYPES}')
        names = expand_mixers(mixers, self.num_layers)
        self.reads_cls_token = with_cls_token and any('mhsa' in name for name in names)
        if out_type == 'cls_token' and not self.reads_cls_token:
            raise ConfigError("out_type='cls_token' needs with_cls_token=True and self-attention")
        self.out_type = out_type
        if weight_init not in WEIGHT_INITS:
            raise ConfigError(f'weight_init={weight_init!r} must be one of {WEIGHT_INITS}')
        if embed_std < 0:
            raise ConfigError(f'embed_std={embed_std} must not be negative')
        for key, rate in (('drop_rate', drop_rate), ('attn_drop_rate', attn_drop_rate)):
            if not 0 <= rate < 1:
                raise ConfigError(f'{key}={rate} must be in [0, 1)')
        if not -1 <= frozen_stages <= self.num_layers:
            raise ConfigError(f'frozen_stages={frozen_stages} must be in [-1, {self.num_layers}]')
        self.frozen_stages = frozen_stages

        # The corner is padded, so a partly filled patch counts.
        self.grid = tuple(
            -(-side // patch) for side, patch in zip(self.img_size, self.patch_size, strict=True)
        )
        self.patch_embed = PatchEmbedding(
            in_channels, self.embed_dims, self.patch_size, bias=patch_bias
        )
        # Kept as a grid, so that a checkpoint knows which one it was learned on.
        self.pos_embed = nn.Parameter(torch.zeros(1, *self.grid, self.embed_dims))
        self.num_prefix_tokens = self.num_extra_tokens = int(with_cls_token)  # mm's name for it
        if with_cls_token:
            self.cls_token = nn.Parameter(torch.zeros(1, 1, self.embed_dims))
            self.cls_pos_embed = nn.Parameter(torch.zeros(1, 1, self.embed_dims))
        self.drop_after_pos = nn.Dropout(drop_rate)

        lkca_settings = {
            'kernel_size': (
                (2 * self.grid[0] - 1, 2 * self.grid[1] - 1)
                if kernel_size is None
                else _pair('kernel_size', kernel_size)
            ),
            'num_kernels': num_kernels,
            'projections': projections or 'none',
            'kernel_init': kernel_init,
            'backend': backend,
            'proj_drop_rate': drop_rate,
            'resample_kernels': resample_kernels,
            'gate': gate,
        }
        mhsa_settings = {
            'num_heads': settings['num_heads'],
            'qkv_bias': qkv_bias,
            'attn_drop_rate': attn_drop_rate,
            'proj_drop_rate': drop_rate,
        }
        mixer_settings = {
            'lkca': lkca_settings,
            'mhsa': mhsa_settings,
            'lkca+mhsa': {'lkca': lkca_settings, 'mhsa': mhsa_settings},
        }
        rates = _layer_rates(drop_path_rate, drop_path_rule, self.num_layers)
        self.layers = nn.ModuleList(
            TransformerLayer(
                self.embed_dims,
                MIXERS[name](self.embed_dims, **mixer_settings[name]),
                settings['mlp_ratio'],
                drop_rate=drop_rate,
                drop_path_rate=rate,
                norm_eps=norm_eps,
            )
            for name, rate in zip(names, rates, strict=True)
        )
        self.final_norm = (
            nn.LayerNorm(self.embed_dims, eps=norm_eps) if final_norm else nn.Identity()
        )
        init_trunk(self, weight_init, embed_std)
        self._freeze()

    def _check_out_indices(self, out_indices: int | Sequence[int]) -> tuple[int, ...]:
        indices = [out_indices] if isinstance(out_indices, int) else list(out_indices)
        if not indices:
            raise ConfigError('out_indices is empty; name at least one layer')
        for index in indices:
            if not -self.num_layers <= index < self.num_layers:
                raise ConfigError(
                    f'out_indices: {index} is not one of the {self.num_layers} layers'
                )
        return tuple(index % self.num_layers for index in indices)

    def _frozen_modules(self) -> list[nn.Module]:
        if self.frozen_stages < 0:
            return []
        frozen = [self.patch_embed, self.drop_after_pos, *self.layers[: self.frozen_stages]]
        return [*frozen, self.final_norm] if self.frozen_stages == self.num_layers else frozen

    def _freeze(self) -> None:
        if self.frozen_stages < 0:
            return
        for module in self._frozen_modules():
            module.requires_grad_(False)
        for name in ('pos_embed', 'cls_token', 'cls_pos_embed'):
            if hasattr(self, name):
                getattr(self, name).requires_grad_(False)

    def train(self, mode: bool = True) -> 'VisionTrunk':
        """Sets training mode; frozen parts stay in evaluation mode."""
        super().train(mode)
        for module in self._frozen_modules():
            module.eval()
        return self

    def forward(self, image: Tensor) -> tuple[Tensor | tuple[Tensor, Tensor], ...]:
        """Extracts features.

        Args:
            image: Images of shape (B, in_channels, height, width) of any size.

        Returns:
            For each of ``out_indices`` a map of shape (B, C, H, W), where H and
            W are height and width over the patch size, rounded up; or a vector of
            shape (B, C), or both, as ``out_type`` says.
        """
        tokens, grid = self.embed(image)
        features = []
        for index, layer in enumerate(self.layers):
            tokens = self.run_layer(layer, tokens, grid)
            if index in self.out_indices:
                features.append(self._feature(tokens, grid, last=index == self.num_layers - 1))
        return tuple(features)

    def embed(self, image: Tensor) -> tuple[Tensor, tuple[int, int]]:
        """Makes the tokens that the first layer receives.

        Args:
            image: Images of shape (B, in_channels, height, width) of any size.

        Returns:
            Tokens of shape (B, P + H*W, C), the class token first where there is one
            (P = 1), and the grid (H, W).
        """
        tokens, grid = self.patch_embed(image)
        position = resample_position_embedding(self.pos_embed, grid, self.interpolate_mode)
        tokens = tokens + position.flatten(1, 2)
        if self.num_prefix_tokens:
            prefix = (self.cls_token + self.cls_pos_embed).expand(tokens.shape[0], -1, -1)
            tokens = torch.cat((prefix.to(tokens.dtype), tokens), dim=1)
        return self.drop_after_pos(tokens), grid

    def run_layer(self, layer: nn.Module, tokens: Tensor, grid: tuple[int, int]) -> Tensor:
        """Runs one layer on tokens (B, P + H*W, C); with ``with_cp`` it keeps no more of them."""
        if self.with_cp and tokens.requires_grad:
            return checkpoint(layer, tokens, grid, self.num_prefix_tokens, use_reentrant=False)
        return layer(tokens, grid, self.num_prefix_tokens)

    def _feature(
        self, tokens: Tensor, grid: tuple[int, int], last: bool
    ) -> Tensor | tuple[Tensor, Tensor]:
        """Returns what ``out_type`` says of a layer's tokens."""
        patches = tokens[:, self.num_prefix_tokens :]
        norm = self.final_norm if last else nn.Identity()
        parts = []
        if self.out_type.startswith('featmap'):
            feature_map = norm(patches).transpose(1, 2)
            parts.append(feature_map.reshape(-1, self.embed_dims, *grid))
        if self.out_type != 'featmap':
            mean = self.out_type == 'avg_featmap' or not self.num_prefix_tokens
            parts.append(norm(patches.mean(dim=1) if mean else tokens[:, 0]))
        return parts[0] if len(parts) == 1 else tuple(parts)

    def get_layer_depth(self, param_name: str, prefix: str = '') -> tuple[int, int]:
        """Returns a parameter's depth and how many there are, for mmpretrain's layer decay.

        ``param_name`` is its name in the model, where the backbone's begin with ``prefix``.
        """
        depths = self.num_layers + 2
        if not param_name.startswith(prefix) or 'final_norm' in param_name:
            return depths - 1, depths
        layer = re.match(r'layers\.(\d+)\.', param_name.removeprefix(prefix))
        return int(layer[1]) + 1 if layer else 0, depths

    def _load_from_state_dict(
        self, state_dict: dict[str, Any], prefix: str, *args: Any, **kwargs: Any
    ) -> None:
        """Resamples a checkpoint's position embedding of another grid before it is loaded."""
        key = f'{prefix}pos_embed'
        loaded = state_dict.get(key)
        if (
            isinstance(loaded, Tensor)
            and loaded.dim() == 4
            and loaded.shape[-1] == self.embed_dims
            and loaded.shape != self.pos_embed.shape
        ):
            print_log(
                f'{key}: resampled from grid {tuple(loaded.shape[1:3])} to {self.grid}',
                logger='current',
            )
            state_dict[key] = resample_position_embedding(loaded, self.grid, self.interpolate_mode)
        super()._load_from_state_dict(state_dict, prefix, *args, **kwargs)


def register_backbone(backbone: type[nn.Module]) -> type[nn.Module]:
    """Registers a class for mmseg, mmpretrain and, through the root, any other package."""
    for registry in (ENGINE_MODELS, SEG_MODELS, PRETRAIN_MODELS):
        registry.register_module(module=backbone)
    return backbone


@register_backbone
class LKCAViT(VisionTrunk):
    """ViT with LKCA in place of self-attention and without a class token (paper 3.2.3).

    The paper's text says that LKCA modules are interspersed among self-attention;
    the parameter counts of all its tables show LKCA in every layer, which is the
    default here. ``mixers=['mhsa', 'lkca']`` alternates the two.

    Args:
        **settings: See :class:`VisionTrunk`.
    """

    def __init__(self, **settings: Any) -> None:
        super().__init__(**{'mixers': 'lkca', 'with_cls_token': False, **settings})


@register_backbone
class PlainViT(VisionTrunk):
    """ViT as the baseline of the paper's tables: self-attention and a class token.

    Args:
        **settings: See :class:`VisionTrunk`.
    """

    def __init__(self, **settings: Any) -> None:
        super().__init__(**{'mixers': 'mhsa', 'with_cls_token': True, **settings})
