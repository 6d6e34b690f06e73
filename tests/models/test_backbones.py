"""The backbones against mmseg's own ViT, a literal restatement, and their promises."""

import pytest
import torch
from literal import literal_tokens, norm
from mmengine.logging import MMLogger
from mmengine.registry import MODELS as ENGINE_MODELS
from mmengine.runner import load_checkpoint
from mmpretrain.models import VisionTransformer as PretrainViT
from mmpretrain.registry import MODELS as PRETRAIN_MODELS
from mmseg.models.backbones import VisionTransformer
from mmseg.registry import MODELS as SEG_MODELS
from packaging.version import Version
from random_weights import randomise
from torch.nn import functional as F

from lkca_mm.errors import ConfigError
from lkca_mm.models import LKCAViT, PlainViT, convert_mmseg_vit

TINY = dict(embed_dims=24, num_layers=4, num_heads=3, mlp_ratio=2)


def image(height, width, batch=2, seed=0, dtype=torch.float32):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(batch, 3, height, width, generator=generator, dtype=dtype)


# --- PlainViT is mmseg's VisionTransformer ------------------------------------------


@pytest.mark.parametrize('readout', [False, True])
@pytest.mark.parametrize('final_norm', [False, True])
@pytest.mark.parametrize('size', [(64, 64), (48, 80), (33, 70)], ids=str)
def test_plain_vit_equals_mmseg(size, final_norm, readout):
    """Features, class tokens, every gradient; (48, 80) and (33, 70) resample the positions."""
    settings = dict(
        img_size=64, patch_size=16, out_indices=(0, 2, 3), final_norm=final_norm, patch_bias=True
    )
    theirs = VisionTransformer(
        embed_dims=24, num_layers=4, num_heads=3, mlp_ratio=2,
        norm_cfg=dict(type='LN', eps=1e-6), output_cls_token=readout, **settings,
    )  # fmt: skip
    randomise(theirs).double()
    kind = 'featmap_and_readout' if readout else 'featmap'
    ours = PlainViT(arch=TINY, out_type=kind, **settings).double()
    ours.load_state_dict(convert_mmseg_vit(theirs.state_dict()))

    x, y = (image(*size, dtype=torch.float64).requires_grad_() for _ in range(2))
    expected, found = theirs(x), ours(y)
    assert len(found) == len(expected) == 3
    if readout:
        expected, found = sum(map(tuple, expected), ()), sum(found, ())
    for a, b in zip(found, expected, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-5, atol=1e-5)
    sum(f.square().sum() for f in expected).backward()
    sum(f.square().sum() for f in found).backward()
    torch.testing.assert_close(y.grad, x.grad, rtol=1e-5, atol=1e-5)
    gradients = {name: p.grad for name, p in theirs.named_parameters()}
    for name, expected_gradient in convert_mmseg_vit(gradients).items():
        torch.testing.assert_close(
            ours.get_parameter(name).grad, expected_gradient, rtol=1e-5, atol=1e-5
        )


def test_readout_without_a_class_token_is_the_mean():
    settings = dict(arch=TINY, img_size=64, patch_size=16, out_indices=(1, 3), final_norm=True)
    model, maps, means = (
        LKCAViT(out_type=kind, **settings).double()
        for kind in ('featmap_and_readout', 'featmap', 'avg_featmap')
    )
    randomise(model)
    maps.load_state_dict(model.state_dict())
    means.load_state_dict(model.state_dict())
    x = torch.randn(2, 3, 64, 80, dtype=torch.float64)
    pairs = model(x)
    for pair, feature_map, mean in zip(pairs, maps(x), means(x), strict=True):
        assert torch.equal(pair[0], feature_map)
        assert torch.equal(pair[1], mean)
    # Before the last layer no norm stands between the two.
    torch.testing.assert_close(pairs[0][1], pairs[0][0].mean((2, 3)))


def test_conversion_of_a_grid_that_is_no_square():
    vit = VisionTransformer(img_size=(32, 64), embed_dims=24, num_layers=1, num_heads=3)
    assert convert_mmseg_vit(vit.state_dict(), (2, 4))['pos_embed'].shape == (1, 2, 4, 24)


# --- LKCAViT is the paper's block ----------------------------------------------------


@pytest.mark.parametrize('projections', ['none', 'value_output'])
@pytest.mark.parametrize('num_kernels', [1, 3])
@pytest.mark.parametrize('gate', ['none', 'silu'])
def test_lkca_vit_is_the_block_of_the_paper(projections, num_kernels, gate):
    """Equations 1 to 3 with the sliding-window operator, step by step in fp64."""
    model = LKCAViT(
        arch=TINY, img_size=(48, 64), patch_size=16, projections=projections,
        num_kernels=num_kernels, gate=gate, final_norm=True,
    ).double()  # fmt: skip
    weights = dict(randomise(model).named_parameters())
    x = image(48, 64, dtype=torch.float64)

    tokens, grid = literal_tokens(weights, x, 16, 4, eps=1e-6)
    expected = norm(tokens, weights, 'final_norm', 1e-6).transpose(1, 2).reshape(2, 24, *grid)
    torch.testing.assert_close(model(x)[0], expected, rtol=1e-10, atol=1e-10)


def test_zero_kernel_starts_as_the_identity():
    """With the zero start the tokens pass the mixer unmixed: one patch changes one token."""
    model = LKCAViT(arch=TINY, img_size=64, patch_size=16).eval()
    x = image(64, 64, batch=1)
    y = x.clone()
    y[..., :16, :16] += 1
    changed = (model(x)[0] - model(y)[0]).abs().amax(dim=1)[0] > 0
    assert changed.nonzero().tolist() == [[0, 0]]


@pytest.mark.parametrize('kernel_init', ['conv', 'trunc_normal'])
def test_other_starts_mix(kernel_init):
    model = LKCAViT(arch=TINY, img_size=64, patch_size=16, kernel_init=kernel_init).eval()
    kernel = model.layers[0].mixer.kernel
    assert kernel.shape == (1, 7, 7)
    assert kernel.abs().sum() > 0
    if kernel_init == 'conv':  # Conv2d draws from +-1/sqrt(fan_in), here 49 taps
        assert kernel.abs().max() <= 1 / 7
    else:
        assert kernel.std().item() == pytest.approx(0.02, rel=0.4)


# --- sizes --------------------------------------------------------------------------


@pytest.mark.parametrize('backbone', [LKCAViT, PlainViT])
@pytest.mark.parametrize('size', [(64, 64), (96, 32), (17, 1), (50, 129)], ids=str)
@pytest.mark.parametrize('patch', [(16, 16), (16, 8)], ids=str)
def test_output_shapes(backbone, size, patch):
    model = backbone(arch=TINY, img_size=64, patch_size=patch, out_indices=(0, 1, -2, -1)).eval()
    maps = model(image(*size))
    grid = (-(-size[0] // patch[0]), -(-size[1] // patch[1]))
    assert [tuple(m.shape) for m in maps] == [(2, 24, *grid)] * 4


@pytest.mark.parametrize('backbone', [LKCAViT, PlainViT])
def test_corner_is_padded_with_zeros(backbone):
    model = randomise(backbone(arch=TINY, img_size=64, patch_size=16)).eval()
    x = image(40, 57)
    torch.testing.assert_close(model(x)[0], model(F.pad(x, (0, 7, 0, 8)))[0])


# --- mixer patterns -----------------------------------------------------------------


def kinds(model):
    return [type(layer.mixer).__name__[:4] for layer in model.layers]


def test_mixer_patterns():
    settings = dict(arch=TINY, img_size=32, patch_size=16)
    assert kinds(LKCAViT(**settings)) == ['LKCA'] * 4
    assert kinds(PlainViT(**settings)) == ['MHSA'] * 4
    assert kinds(LKCAViT(mixers='mhsa', **settings)) == ['MHSA'] * 4
    assert kinds(LKCAViT(mixers=['mhsa', 'lkca'], **settings)) == ['MHSA', 'LKCA'] * 2
    pattern = ['lkca', 'lkca', 'lkca', 'mhsa']
    assert kinds(PlainViT(mixers=pattern, **settings)) == ['LKCA'] * 3 + ['MHSA']


def test_class_token_is_left_out_of_the_kernel():
    """In a mixed model LKCA neither reads nor writes the class token."""
    model = randomise(PlainViT(arch=TINY, img_size=32, patch_size=16, mixers='lkca')).eval()
    before = model(image(32, 32))[0]
    with torch.no_grad():
        model.cls_token.add_(5.0)
    assert torch.equal(model(image(32, 32))[0], before)
    assert model.num_extra_tokens == 1  # as mmpretrain's scripts ask
    tokens = torch.randn(1, 5, 24)
    assert model.layers[0].mixer(tokens, (2, 2), 1)[:, 0].abs().max() == 0


# --- training features --------------------------------------------------------------


@pytest.mark.parametrize('backbone', [LKCAViT, PlainViT])
def test_recomputing_layers_changes_nothing(backbone):
    plain = randomise(backbone(arch=TINY, img_size=32, patch_size=16)).train()
    frugal = randomise(backbone(arch=TINY, img_size=32, patch_size=16, with_cp=True)).train()
    calls = []
    for layer in frugal.layers:
        layer.register_forward_pre_hook(lambda *args: calls.append(args))
    for model in (plain, frugal):
        model(image(32, 32))[0].square().sum().backward()
    assert len(calls) == 8  # four layers, forward and once more backward
    for a, b in zip(plain.parameters(), frugal.parameters(), strict=True):
        assert torch.equal(a.grad, b.grad)


@pytest.mark.parametrize('stages', [-1, 0, 2, 4])
def test_frozen_stages(stages):
    model = PlainViT(
        arch=TINY, img_size=32, patch_size=16, frozen_stages=stages, drop_rate=0.5, final_norm=True
    ).train()
    trained = {
        n.split('.')[1] for n, p in model.named_parameters() if p.requires_grad and 'layers' in n
    }
    assert trained == {str(i) for i in range(max(stages, 0), 4)}
    assert model.pos_embed.requires_grad == (stages < 0)
    assert model.patch_embed.projection.weight.requires_grad == (stages < 0)
    assert [layer.training for layer in model.layers] == [i >= stages for i in range(4)]
    norm = model.final_norm
    assert (norm.training, norm.weight.requires_grad) == (stages < 4, stages < 4)


def test_stochastic_depth_rises_or_is_constant():
    rates = [
        [getattr(layer.drop_path, 'p', 0.0) for layer in LKCAViT(
            arch=TINY, img_size=32, patch_size=16, drop_path_rate=0.3, drop_path_rule=rule).layers]
        for rule in ('linear', 'constant')
    ]  # fmt: skip
    assert rates[0] == pytest.approx([0, 0.1, 0.2, 0.3])
    assert rates[1] == pytest.approx([0.3] * 4)


def test_stochastic_depth_skips_mixer_and_mlp():
    layer = randomise(LKCAViT(arch=TINY, img_size=32, patch_size=16)).layers[0]
    layer.drop_path = torch.nn.Dropout(1.0)
    tokens = torch.randn(1, 4, 24)
    assert torch.equal(layer.train()(tokens, (2, 2)), tokens)
    assert not torch.equal(layer.eval()(tokens, (2, 2)), tokens)


def test_dropout_acts_in_training_only():
    for backbone, name in ((LKCAViT, 'drop_rate'), (PlainViT, 'attn_drop_rate')):
        model = randomise(backbone(arch=TINY, img_size=32, patch_size=16, **{name: 0.5}))
        x = image(32, 32)
        assert not torch.equal(model.train()(x)[0], model.train()(x)[0])
        assert torch.equal(model.eval()(x)[0], model.eval()(x)[0])


@pytest.mark.parametrize('backbone', [LKCAViT, PlainViT])
def test_compiles_without_a_graph_break(backbone):
    torch._dynamo.reset()  # what other tests compiled counts as other sizes
    model = randomise(backbone(arch=TINY | {'num_layers': 1}, img_size=64, patch_size=16)).eval()
    compiled = torch.compile(model, fullgraph=True, backend='aot_eager')
    # From the second size on PyTorch tries to keep sizes symbolic; 2.1 then breaks the graph.
    others = ((48, 80), (96, 32)) if Version(torch.__version__) >= Version('2.2') else ()
    for size in ((64, 64), *others):
        torch.testing.assert_close(compiled(image(*size))[0], model(image(*size))[0])


# --- checkpoints of another size ----------------------------------------------------


@pytest.mark.parametrize('resample', [False, True])
def test_checkpoint_of_another_size(tmp_path, resample, caplog):
    MMLogger.get_current_instance().addHandler(caplog.handler)
    small = randomise(LKCAViT(arch=TINY, img_size=(64, 48), patch_size=16))
    path = tmp_path / 'small.pth'
    torch.save({'state_dict': small.state_dict()}, path)
    large = LKCAViT(
        arch=TINY, img_size=(96, 80), patch_size=16, resample_kernels=resample,
        init_cfg=dict(type='Pretrained', checkpoint=str(path)),
    )  # fmt: skip
    large.init_weights()
    said = caplog.text
    assert 'pos_embed: resampled from grid (4, 3) to (6, 5)' in said

    expected = F.interpolate(
        small.pos_embed.permute(0, 3, 1, 2), size=(6, 5), mode='bicubic', align_corners=False
    )
    torch.testing.assert_close(large.pos_embed.permute(0, 3, 1, 2), expected)
    kernel, loaded = small.layers[1].mixer.kernel, large.layers[1].mixer.kernel
    assert loaded.shape == (1, 11, 9)
    if resample:
        assert 'mixer.kernel: resampled from (7, 5) to (11, 9)' in said
        # Corners and centre sit on the same places of both kernels; 99 taps weigh what 35 did.
        torch.testing.assert_close(loaded[0, ::5, ::4], kernel[0, ::3, ::2] * 35 / 99)
    else:
        assert 'mixer.kernel: cropped or zero-padded about its centre' in said
        assert torch.equal(loaded[0, 2:-2, 2:-2], kernel[0])
        assert loaded.abs().sum() == kernel.abs().sum()


def test_smaller_model_keeps_what_its_grid_can_use(tmp_path):
    """Cropping the kernel of a checkpoint changes nothing on a grid that never used the rim."""
    large = randomise(LKCAViT(arch=TINY, img_size=96, patch_size=16)).eval()
    torch.save(large.state_dict(), tmp_path / 'large.pth')
    small = LKCAViT(arch=TINY, img_size=64, patch_size=16).eval()
    load_checkpoint(small, str(tmp_path / 'large.pth'), strict=True)
    torch.testing.assert_close(small(image(64, 64))[0], large(image(64, 64))[0])


@pytest.mark.parametrize('mode', ['bicubic', 'bilinear', 'nearest'])
def test_position_embedding_is_resampled_as_told(mode):
    model = randomise(PlainViT(arch=TINY, img_size=64, patch_size=16, interpolate_mode=mode)).eval()
    corners = {} if mode == 'nearest' else dict(align_corners=False)
    resampled = F.interpolate(
        model.pos_embed.permute(0, 3, 1, 2), size=(2, 6), mode=mode, **corners
    )
    other = PlainViT(arch=TINY, img_size=(32, 96), patch_size=16).eval()
    other.load_state_dict(model.state_dict() | dict(pos_embed=resampled.permute(0, 2, 3, 1)))
    torch.testing.assert_close(model(image(32, 96))[0], other(image(32, 96))[0])


# --- registration and errors --------------------------------------------------------


@pytest.mark.parametrize(
    'registry', [ENGINE_MODELS, SEG_MODELS, PRETRAIN_MODELS], ids=lambda registry: registry.scope
)
@pytest.mark.parametrize('name', ['LKCAViT', 'PlainViT'])
def test_registered_everywhere(registry, name):
    for parent, kind in ((registry, name), (ENGINE_MODELS, f'{registry.scope}.{name}')):
        model = parent.build(dict(type=kind, arch=TINY, img_size=32, patch_size=16))
        assert type(model).__name__ == name
    assert name in registry.module_dict


def test_depths_for_layer_decay_are_those_of_mmpretrain():
    ours = PlainViT(arch=TINY, img_size=32, patch_size=16, final_norm=True)
    theirs = PretrainViT(dict(TINY, feedforward_channels=96), img_size=32, patch_size=16)
    for name in ('head.fc', *(f'backbone.{name}' for name, _ in ours.named_parameters())):
        renamed = name.replace('cls_pos_embed', 'pos_embed').replace('final_norm', 'ln1')
        expected = theirs.get_layer_depth(renamed, 'backbone.')
        assert ours.get_layer_depth(name, 'backbone.') == expected, name


@pytest.mark.parametrize(
    ('settings', 'words'),
    [
        (dict(arch='huge'), ["arch='huge'", 'small, base']),
        (dict(arch=dict(embed_dims=8)), ['arch lacks', 'num_layers']),
        (dict(arch=dict(TINY, width=3)), ['unknown keys width']),
        (dict(arch=dict(TINY, embed_dims=2.5)), ['embed_dims=2.5']),
        (dict(arch=dict(TINY, num_layers=0)), ['num_layers=0']),
        (dict(arch=7), ['arch=7']),
        (dict(patch_size=0), ['patch_size=0']),
        (dict(patch_size=(16, 16, 16)), ['patch_size=(16, 16, 16)']),
        (dict(patch_size=1.5), ['patch_size=1.5']),
        (dict(patch_size=128), ['patch_size=128', 'img_size=64']),
        (dict(img_size=-1), ['img_size=-1']),
        (dict(out_indices=(0, 4)), ['out_indices: 4', '4 layers']),
        (dict(out_indices=()), ['out_indices is empty']),
        (dict(mixers='conv'), ["mixers: 'conv'", 'lkca, mhsa']),
        (dict(mixers=['lkca', 'mhsa', 'lkca']), ['3 entries', '4 layers']),
        (dict(projections='qkv'), ["projections='qkv'", 'value_output']),
        (dict(num_kernels=5), ['num_kernels=5', 'embed_dims=24']),
        (dict(kernel_size=4), ['kernel_size=(4, 4)', 'odd']),
        (dict(kernel_init='ones'), ["kernel_init='ones'", 'trunc_normal']),
        (dict(gate='tanh'), ["gate='tanh'", 'silu']),
        (dict(backend='magic'), ["'magic'", 'toeplitz']),
        (dict(mixers='mhsa', arch=dict(TINY, num_heads=5)), ['num_heads=5', 'embed_dims=24']),
        (dict(drop_rate=1.0), ['drop_rate=1.0']),
        (dict(drop_path_rate=-0.1), ['drop_path_rate=-0.1']),
        (dict(frozen_stages=5), ['frozen_stages=5']),
        (dict(interpolate_mode='cubic'), ["interpolate_mode='cubic'", 'bicubic']),
        (dict(out_type='mean'), ["out_type='mean' must be one of"]),
        (dict(out_type='cls_token'), ["out_type='cls_token' needs with_cls_token=True"]),
        (dict(drop_path_rule='flat'), ["drop_path_rule='flat' must be one of"]),
        (dict(weight_init='xavier'), ["weight_init='xavier' must be one of"]),
        (dict(embed_std=-1), ['embed_std=-1 must not be negative']),
    ],
    ids=str,
)
def test_errors_name_the_setting(settings, words):
    with pytest.raises(ConfigError) as caught:
        SEG_MODELS.build(dict(dict(type='LKCAViT', arch=TINY, img_size=64), **settings))
    message = str(caught.value)
    assert '\n' not in message
    assert all(word in message for word in words), message


@pytest.mark.parametrize('backbone', [LKCAViT, PlainViT])
def test_tokens_lie_in_memory_as_they_are_read(backbone):
    """Of a transposed residual stream every LayerNorm makes a copy."""
    model = backbone(arch=TINY, img_size=32, patch_size=16)
    seen = []
    for layer in model.layers:
        layer.register_forward_pre_hook(lambda module, args: seen.append(args[0]))
    model(image(32, 32))
    assert len(seen) == 4
    assert all(tokens.is_contiguous() for tokens in seen)
