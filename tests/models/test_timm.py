"""The backbones in timm: its conventions, and the numbers of LKCAViT and PlainViT."""

from pathlib import Path

import pytest
import torch
from torch import nn

timm = pytest.importorskip('timm', minversion='1.0.9')

from lkca_mm.errors import ConfigError  # noqa: E402
from lkca_mm.models import LKCAViT, PlainViT  # noqa: E402
from lkca_mm.models.timm import rename_weights  # noqa: E402

CHECKPOINTS = Path(__file__).parents[2] / 'checkpoints'
NAMES = [
    f'{one}_vit_{size}_patch{p}_512'
    for one in ('lkca', 'plain')
    for size in ('small', 'base')
    for p in (16, 32)
] + [f'lkca_{size}_patch4_32' for size in 'tbl']
SMALL = {'lkca_vit_small_patch16_512': LKCAViT, 'plain_vit_small_patch16_512': PlainViT}


def small(name, **settings):
    """A model of 64 x 64 images whose kernels, which start at zero, do something."""
    torch.manual_seed(0)
    model = timm.create_model(name, img_size=64, **settings).eval()
    for layer in getattr(model, 'model', model).trunk.layers:
        if hasattr(layer.mixer, 'kernel'):
            nn.init.normal_(layer.mixer.kernel, std=0.2)
    return model


@pytest.fixture(scope='module')
def image():
    return torch.randn(2, 3, 64, 64, generator=torch.Generator().manual_seed(1))


def test_names():
    assert set(NAMES) == set(timm.list_models(module='timm'))
    assert timm.is_model('lkca_vit_small_patch16_512')
    assert not set(NAMES) & set(timm.list_models(pretrained=True))


@pytest.mark.parametrize(('name', 'backbone'), SMALL.items())
def test_features_are_those_of_the_backbone(name, backbone, image):
    model = small(name, features_only=True, out_indices=(2, 5, 8, 11))
    ours = backbone(arch='small', img_size=64, out_indices=(2, 5, 8, 11)).eval()
    weights = model.model.trunk.state_dict()
    ours.load_state_dict(weights)
    with torch.no_grad():
        theirs, expected = model(image), ours(image)
    assert len(theirs) == len(expected) == 4
    for one, other in zip(theirs, expected, strict=True):
        torch.testing.assert_close(one, other)
    assert model.feature_info.channels() == [384] * 4
    assert model.feature_info.reduction() == [16] * 4
    assert model.feature_info.get_dicts(['index']) == [{'index': i} for i in (2, 5, 8, 11)]


def test_features_only_prunes_what_it_does_not_need(image):
    model = small('lkca_vit_small_patch16_512', features_only=True, out_indices=(1, 3))
    assert len(model.model.trunk.layers) == 4
    assert not any('final_norm' in name or 'head' in name for name, _ in model.named_parameters())
    whole = small('lkca_vit_small_patch16_512')
    with torch.no_grad():
        expected = whole.forward_intermediates(image, [1, 3], intermediates_only=True)
        assert [one.shape for one in model(image)] == [one.shape for one in expected]


@pytest.mark.parametrize(('name', 'backbone'), SMALL.items())
def test_logits_are_those_of_mmpretrains_classifier(name, backbone, image):
    model = small(name, num_classes=7)
    kind = 'cls_token' if backbone is PlainViT else 'avg_featmap'
    ours = backbone(arch='small', img_size=64, out_type=kind, final_norm=True).eval()
    ours.load_state_dict(model.trunk.state_dict())
    with torch.no_grad():
        torch.testing.assert_close(model(image), model.head(ours(image)[-1]))


@pytest.mark.parametrize('name', SMALL)
@pytest.mark.parametrize('pool', ['', 'avg', 'max', 'avgmax', 'token'])
def test_pooling(name, pool, image):
    """timm's rule: the norm stands behind an average or a maximum, else before the pooling."""
    if pool == 'token' and name.startswith('lkca'):
        with pytest.raises(ConfigError, match="global_pool='token'"):
            small(name, global_pool=pool)
        return
    model = small(name, num_classes=5, global_pool=pool)
    norm, head, prefix = model.trunk.final_norm, model.head, model.num_prefix_tokens
    with torch.no_grad():
        tokens = model.forward_intermediates(image, 1, True, output_fmt='NLC')[1][0]
        if prefix:
            tokens = torch.cat((tokens[1], tokens[0]), dim=1)
        patches = tokens[:, prefix:]
        mean, largest = patches.mean(1), patches.amax(1)
        pooled = {
            '': norm(tokens),
            'token': norm(tokens[:, 0]),
            'avg': norm(mean),
            'max': norm(largest),
            'avgmax': norm((mean + largest) / 2),
        }[pool]
        torch.testing.assert_close(model(image), head(pooled))
        torch.testing.assert_close(
            model.forward_head(model.forward_features(image), pre_logits=True), pooled
        )


@pytest.mark.parametrize('name', SMALL)
def test_interface(name, image):
    """What timm's own tests ask of every model."""
    model = small(name, num_classes=11, in_chans=1, drop_path_rate=0.1, drop_rate=0.1)
    grey = image[:, :1]
    assert model(grey).shape == (2, 11)
    assert not model(grey).isnan().any()
    assert model.get_classifier() is model.head and model.head.out_features == 11
    features = model.forward_features(grey)
    assert features.shape == (2, 16 + model.num_prefix_tokens, model.num_features)
    hidden = model.forward_head(features, pre_logits=True)
    assert hidden.shape == (2, model.head_hidden_size)
    model.reset_classifier(0)
    assert model(grey).shape == (2, model.num_features)
    model.reset_classifier(0, '')
    assert model(grey).shape == features.shape
    model.reset_classifier(3, 'avg')
    assert model(grey).shape == (2, 3) and model.num_classes == 3
    # Another size of images.
    assert model(torch.zeros(1, 1, 50, 70)).shape == (1, 3)


def test_every_parameter_has_a_gradient_with_and_without_checkpointing(image):
    gradients = []
    for enable in (False, True):
        model = small('lkca_vit_small_patch16_512', num_classes=4).train()
        model.set_grad_checkpointing(enable)
        model(image).square().mean().backward()
        assert all(weight.grad is not None for weight in model.parameters())
        gradients.append([weight.grad for weight in model.parameters()])
    torch.testing.assert_close(*gradients)


@pytest.mark.parametrize('name', NAMES)
def test_default_config(name):
    config = timm.get_pretrained_cfg(name)
    with torch.device('meta'):  # no weights are drawn
        model = timm.create_model(name)
    weights = model.state_dict()
    assert f'{config.first_conv}.weight' in weights
    assert weights[f'{config.classifier}.weight'].shape == (config.num_classes, model.num_features)
    side = int(name.rsplit('_', 1)[1])
    assert config.input_size == (3, side, side)
    assert model.default_cfg['architecture'] == name
    data = timm.data.resolve_model_data_config(model)
    assert data['input_size'] == (3, side, side) and data['mean'] == config.mean


def test_parameter_groups():
    from timm.optim import create_optimizer_v2

    model = small('plain_vit_small_patch16_512')
    optimizer = create_optimizer_v2(model, 'adamw', lr=1.0, weight_decay=0.1, layer_decay=0.5)
    seen = {id(weight): group for group in optimizer.param_groups for weight in group['params']}
    assert len(seen) == len(list(model.parameters()))
    weights = dict(model.named_parameters())
    scale = {name: seen[id(weight)]['lr_scale'] for name, weight in weights.items()}
    assert scale['head.weight'] == 1 and scale['trunk.final_norm.weight'] >= 0.5
    assert scale['trunk.pos_embed'] == min(scale.values())
    assert scale['trunk.layers.3.mlp.fc1.weight'] == 2 * scale['trunk.layers.2.mlp.fc1.weight']
    assert all(seen[id(weights[name])]['weight_decay'] == 0 for name in model.no_weight_decay())
    assert seen[id(weights['trunk.layers.0.mlp.fc1.weight'])]['weight_decay'] == 0.1


def test_pretrained_is_an_error_of_one_line():
    with pytest.raises(ConfigError) as caught:
        timm.create_model('lkca_vit_base_patch16_512', pretrained=True)
    assert 'lkca_vit_base_patch16_512' in str(caught.value) and '\n' not in str(caught.value)


def test_our_checkpoint_loads():
    """The published one, by timm's way of naming a file; the same logits as mmpretrain's."""
    from lkca_mm.apis import load_model

    (path,) = CHECKPOINTS.glob('lkca-t-light_cifar10-*.pth')
    config = CHECKPOINTS.parent / 'configs' / 'cifar10' / 'lkca-t-light_60e.py'
    network = load_model(str(config), str(path), device='cpu')
    overlay = {'file': str(path)}
    model = timm.create_model('lkca_t_patch4_32', pretrained=True, pretrained_cfg_overlay=overlay)
    image = torch.randn(3, 3, 32, 32)
    with torch.no_grad():
        torch.testing.assert_close(model.eval()(image), network(image))
    other = timm.create_model(
        'lkca_t_patch4_32', pretrained=True, num_classes=2, pretrained_cfg_overlay=overlay
    )
    torch.testing.assert_close(other.trunk.state_dict(), model.trunk.state_dict())
    assert other.head.out_features == 2


def test_a_head_loads_with_as_many_classes_as_the_checkpoint_has(tmp_path):
    name, path = 'lkca_t_patch4_32', tmp_path / 'weights.pth'
    trained = timm.create_model(name, num_classes=3).state_dict()

    def create(weights):
        torch.save(weights, path)
        overlay = {'file': str(path), 'num_classes': 3}
        return timm.create_model(name, pretrained=True, pretrained_cfg_overlay=overlay)

    torch.testing.assert_close(create(trained).state_dict(), trained)
    ours = {
        k.replace('trunk', 'backbone').replace('head.', 'head.fc.'): trained[k] for k in trained
    }
    torch.testing.assert_close(create(ours).state_dict(), trained)
    neck, norm = {'neck.bn.weight': torch.ones(136)}, 'backbone.final_norm.weight'
    for other in (ours | neck, {k: ours[k] for k in ours if k != norm}):  # reads other features
        with pytest.raises(RuntimeError, match=r'Missing key.*"head.weight"'):
            create(other)


def test_weights_of_a_segmentation_model_load():
    model = small('lkca_vit_small_patch16_512', num_classes=0)
    backbone = {
        f'backbone.{k}': v for k, v in LKCAViT(arch='small', img_size=64).state_dict().items()
    }
    checkpoint = {'state_dict': {**backbone, 'decode_head.conv_seg.bias': torch.zeros(150)}}
    model.load_state_dict(rename_weights(checkpoint, model))
    torch.testing.assert_close(
        model.trunk.patch_embed.projection.weight,
        backbone['backbone.patch_embed.projection.weight'],
    )
