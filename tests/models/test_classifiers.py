"""The classifiers of Tables 1-5 against a literal restatement and mmpretrain's own ViT."""

import pytest
import torch
from checks import read_config
from literal import linear, literal_tokens, norm
from mmpretrain.models.backbones import VisionTransformer
from mmpretrain.registry import MODELS
from random_weights import randomise

from lkca_mm.models import LKCAViT, PlainViT, convert_mmseg_vit

TINY = dict(embed_dims=24, num_layers=3, num_heads=3, mlp_ratio=2)


def literal_logits(weights, image, patch, num_layers):
    """Restates LKCA for classification: the mean of the trunk's tokens, LN, Linear."""
    trunk = {name.removeprefix('backbone.'): weight for name, weight in weights.items()}
    tokens, _ = literal_tokens(trunk, image, patch, num_layers, eps=1e-5)
    return linear(norm(tokens.mean(1), trunk, 'final_norm', 1e-5), weights, 'head.fc')


@pytest.mark.parametrize(
    ('path', 'size', 'patch'),
    [('cifar10/lkca-t_100e.py', 32, 4), ('tiny-imagenet/lkca-500k_100e.py', 64, 8)],
)
def test_lkca_classifier_is_its_restatement(path, size, patch):
    """Logits and the gradients of all weights, fp64."""
    model = randomise(MODELS.build(read_config(path).model)).double().eval()
    literal = {
        name: parameter.detach().clone().requires_grad_()
        for name, parameter in model.named_parameters()
    }
    image = torch.randn(2, 3, size, size, dtype=torch.float64)
    expected = literal_logits(literal, image, patch, model.backbone.num_layers)
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


def test_default_start():
    """As mmseg and timm start a ViT: std 0.02, He's rule for patches, MLP biases near zero."""
    torch.manual_seed(0)
    arch = dict(embed_dims=256, num_layers=1, num_heads=4, mlp_ratio=2)
    model = PlainViT(arch=arch, img_size=32, patch_size=4)
    for name, weight in model.named_parameters():
        if weight.dim() > 1:
            std = (2 / 48) ** 0.5 if 'projection' in name else 0.02
            assert weight.std().item() == pytest.approx(std, rel=0.15), name
        elif 'mlp' in name:
            assert weight.std().item() == pytest.approx(1e-6, rel=0.2), name
        elif name.endswith('bias'):
            assert weight.abs().max() == 0, name


def test_cpu_attention_of_bf16_is_that_of_fp32():
    """The detour of bf16 on a CPU changes the result no more than bf16 does."""
    model = randomise(PlainViT(arch=TINY, img_size=32, patch_size=4))
    image = torch.randn(2, 3, 32, 32)
    expected = model(image)[0]
    with torch.autocast('cpu', torch.bfloat16):
        found = model(image)[0]
    assert (found - expected).abs().max() < 0.02 * expected.abs().max()
