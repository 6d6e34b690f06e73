"""The classifiers of Tables 1-5 against a literal restatement and mmpretrain's own ViT."""

from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmpretrain.models.backbones import VisionTransformer
from mmpretrain.registry import MODELS
from random_weights import randomise
from torch.nn import functional as F

from lkca_mm.errors import ConfigError
from lkca_mm.models import LKCAViT, PlainViT, convert_mmseg_vit
from lkca_mm.ops import lkca_reference

CONFIGS = Path(__file__).parents[2] / 'configs'
TINY = dict(embed_dims=24, num_layers=3, num_heads=3, mlp_ratio=2)


def build(path):
    config = Config.fromfile(CONFIGS / path)
    init_default_scope(config.default_scope)
    return MODELS.build(config.model)


def literal_logits(weights, image, patch, embed_dims, num_layers):
    """Restates LKCA for classification: sliding windows, mean of tokens, LN, Linear."""

    def linear(z, name):
        bias = weights.get(f'{name}.bias', 0)
        return z @ weights[f'{name}.weight'].T + bias

    def norm(z, name):
        mean = z.mean(-1, keepdim=True)
        variance = (z - mean).square().mean(-1, keepdim=True)
        scaled = (z - mean) / (variance + 1e-5).sqrt()
        return scaled * weights[f'{name}.weight'] + weights[f'{name}.bias']

    batch, _, height, width = image.shape
    rows, columns = height // patch, width // patch
    patches = image.reshape(batch, 3, rows, patch, columns, patch).permute(0, 2, 4, 1, 3, 5)
    filters = weights['backbone.patch_embed.projection.weight'].reshape(embed_dims, -1)
    z = patches.reshape(batch, rows * columns, -1) @ filters.T
    z = z + weights['backbone.patch_embed.projection.bias']
    z = z + weights['backbone.pos_embed'].reshape(1, rows * columns, embed_dims)
    for i in range(num_layers):
        layer = f'backbone.layers.{i}'
        value = linear(norm(z, f'{layer}.norm1'), f'{layer}.mixer.value')
        mixed = lkca_reference(value, weights[f'{layer}.mixer.kernel'], (rows, columns))
        z = z + linear(mixed, f'{layer}.mixer.proj')
        hidden = F.gelu(linear(norm(z, f'{layer}.norm2'), f'{layer}.mlp.fc1'))
        z = z + linear(hidden, f'{layer}.mlp.fc2')
    return linear(norm(z.mean(1), 'backbone.final_norm'), 'head.fc')


@pytest.mark.parametrize(
    ('path', 'size', 'patch'),
    [('cifar10/lkca-t_100e.py', 32, 4), ('tiny-imagenet/lkca-500k_100e.py', 64, 8)],
)
def test_lkca_classifier_is_its_restatement(path, size, patch):
    """Logits and the gradients of all weights, fp64."""
    model = randomise(build(path)).double().eval()
    literal = {
        name: parameter.detach().clone().requires_grad_()
        for name, parameter in model.named_parameters()
    }
    image = torch.randn(2, 3, size, size, dtype=torch.float64)
    expected = literal_logits(
        literal, image, patch, model.backbone.embed_dims, model.backbone.num_layers
    )
    logits = model(image, mode='tensor')
    logits = model.head.fc(logits[0]) if isinstance(logits, tuple) else logits
    torch.testing.assert_close(logits, expected, rtol=1e-10, atol=1e-10)

    expected.square().sum().backward()
    logits.square().sum().backward()
    for name, parameter in model.named_parameters():
        expected = literal[name].grad
        scale = expected.abs().max().item()
        assert scale > 0, name
        torch.testing.assert_close(
            parameter.grad,
            expected,
            rtol=1e-9,
            atol=1e-9 * scale,
            msg=lambda m, n=name: f'{n}: {m}',
        )


def test_vit_classifier_is_mmpretrains():
    """Class token, its position, no qkv bias: features and gradients of mmpretrain's ViT."""
    theirs = VisionTransformer(
        arch=dict(embed_dims=24, num_layers=3, num_heads=3, feedforward_channels=48),
        img_size=32, patch_size=4, out_type='cls_token', final_norm=True, qkv_bias=False,
        norm_cfg=dict(type='LN', eps=1e-5),
    )  # fmt: skip
    theirs = randomise(theirs).double()
    theirs.eval()
    ours = PlainViT(
        arch=TINY, img_size=32, patch_size=4, out_type='cls_token', final_norm=True,
        qkv_bias=False, norm_eps=1e-5,
    ).double().eval()  # fmt: skip

    def renamed(values):
        values = {name.replace('.attn.', '.mixer.'): value for name, value in values.items()}
        return convert_mmseg_vit(values)

    ours.load_state_dict(renamed(theirs.state_dict()))
    image = torch.randn(2, 3, 32, 32, dtype=torch.float64)
    (expected,), (found,) = theirs(image), ours(image)
    assert found.shape == (2, 24)
    torch.testing.assert_close(found, expected, rtol=1e-10, atol=1e-10)
    expected.square().sum().backward()
    found.square().sum().backward()
    gradients = renamed({name: p.grad for name, p in theirs.named_parameters()})
    for name, gradient in gradients.items():
        torch.testing.assert_close(ours.get_parameter(name).grad, gradient, rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize('size', [(32, 32), (24, 40)], ids=str)
def test_mean_of_tokens_is_that_of_the_map(size):
    """avg_featmap is the mean of what featmap returns, then LN; on other grids too."""
    settings = dict(arch=TINY, img_size=32, patch_size=4, norm_eps=1e-5)
    maps = randomise(LKCAViT(**settings, final_norm=False)).double()
    means = LKCAViT(**settings, out_type='avg_featmap', final_norm=True).double()
    means.load_state_dict(maps.state_dict(), strict=False)  # final_norm stays 1 and 0
    image = torch.randn(2, 3, *size, dtype=torch.float64)
    expected = F.layer_norm(maps(image)[0].mean((2, 3)), (24,), eps=1e-5)
    torch.testing.assert_close(means(image)[0], expected)


def test_lkca_beside_attention_is_their_sum():
    model = randomise(LKCAViT(arch=TINY, img_size=32, patch_size=4, mixers='lkca+mhsa')).double()
    tokens = torch.randn(2, 64, 24, dtype=torch.float64)
    mixer = model.layers[0].mixer
    expected = mixer.lkca(tokens, (8, 8)) + mixer.mhsa(tokens, (8, 8))
    torch.testing.assert_close(mixer(tokens, (8, 8)), expected)
    assert model.layers[0].mixer.lkca.kernel.shape == (1, 15, 15)


def test_xavier_start():
    """Variance 2 / (inputs + outputs), also of the patch projection; N(0, 1) embeddings."""
    torch.manual_seed(0)
    model = PlainViT(
        arch=dict(embed_dims=256, num_layers=1, num_heads=4, mlp_ratio=2),
        img_size=32, patch_size=4, weight_init='xavier_normal', embed_std=1.0,
    )  # fmt: skip
    for weight, inputs, outputs in (
        (model.patch_embed.projection.weight, 48, 256),
        (model.layers[0].mixer.qkv.weight, 256, 768),
        (model.layers[0].mlp.fc1.weight, 256, 512),
    ):
        assert weight.std().item() == pytest.approx((2 / (inputs + outputs)) ** 0.5, rel=0.03)
    assert model.pos_embed.std().item() == pytest.approx(1, rel=0.03)
    assert model.pos_embed.abs().max() > 3  # not cut off
    assert model.cls_token.std().item() == pytest.approx(1, rel=0.2)
    for name, parameter in model.named_parameters():
        if name.endswith('bias'):
            assert parameter.abs().max() == 0, name


@pytest.mark.parametrize(
    ('settings', 'message'),
    [
        (dict(out_type='mean'), "out_type='mean' must be one of"),
        (dict(out_type='cls_token'), "out_type='cls_token' needs with_cls_token=True"),
        (dict(drop_path_rate=0.1, drop_path_rule='flat'), "drop_path_rule='flat' must be one of"),
        (dict(weight_init='xavier'), "weight_init='xavier' must be one of"),
        (dict(embed_std=-1), 'embed_std=-1 must not be negative'),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else '',
)
def test_wrong_settings_are_named(settings, message):
    with pytest.raises(ConfigError, match=message.replace('(', r'\(')):
        LKCAViT(arch=TINY, img_size=32, patch_size=4, **settings)


def test_cpu_attention_of_bf16_is_that_of_fp32():
    """The detour of bf16 on a CPU changes the result no more than bf16 does."""
    torch.manual_seed(0)
    model = PlainViT(arch=TINY, img_size=32, patch_size=4)
    image = torch.randn(2, 3, 32, 32)
    expected = model(image)[0]
    with torch.autocast('cpu', torch.bfloat16):
        found = model(image)[0]
    torch.testing.assert_close(found.float(), expected, rtol=0.05, atol=0.05)
