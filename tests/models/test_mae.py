"""The masked encoder against the operator with hidden tokens left out of its sums."""

from itertools import combinations

import pytest
import torch
from random_weights import randomise

from lkca_mm.errors import ConfigError
from lkca_mm.models import LKCAMixer, LKCAViT, MAELKCAViT
from lkca_mm.models.mae import mix_visible
from lkca_mm.ops import lkca_reference

TINY = dict(
    arch=dict(embed_dims=12, num_layers=2, num_heads=2, mlp_ratio=2), img_size=16, patch_size=4,
    projections='value_output', final_norm=True,
)  # fmt: skip


def attention_matrices(kernel, grid):
    """The operator as one (N, N) matrix a kernel: what each unit token gives to each place."""
    size = grid[0] * grid[1]
    units = torch.eye(size, dtype=kernel.dtype)[:, :, None]
    columns = [lkca_reference(units, one[None], grid)[:, :, 0] for one in kernel]
    return [column.T for column in columns]


@pytest.mark.parametrize('num_kernels', [1, 3])
@pytest.mark.parametrize('rescale', [False, True])
def test_visible_tokens_are_mixed_by_rows_and_columns_of_the_matrix(num_kernels, rescale):
    """Each image with its own mask, in fp64; own taps are not rescaled, others are."""
    grid = (3, 4)
    mixer = LKCAMixer(6, (5, 7), num_kernels=num_kernels, projections='value_output', gate='silu')
    randomise(mixer).double()
    generator = torch.Generator().manual_seed(0)
    kept = torch.stack([torch.randperm(12, generator=generator)[:5] for _ in range(2)])
    x = torch.randn(2, 5, 6, generator=generator, dtype=torch.float64)
    expected = torch.empty_like(x)
    for image, places in enumerate(kept):
        value = x[image] @ mixer.value.weight.T
        for group, matrix in enumerate(attention_matrices(mixer.kernel, grid)):
            part = matrix[places][:, places]
            if rescale:
                own = torch.diag(part.diagonal())
                part = own + (part - own) * 11 / 4
            channels = slice(group * 6 // num_kernels, (group + 1) * 6 // num_kernels)
            expected[image, :, channels] = part @ value[:, channels]
    gate = x @ mixer.gate.weight.T + mixer.gate.bias
    expected = (expected * gate * gate.sigmoid()) @ mixer.proj.weight.T + mixer.proj.bias
    found = mix_visible(mixer, x, kept, grid, rescale)
    torch.testing.assert_close(found, expected, rtol=1e-10, atol=1e-10)


def test_rescaled_sums_have_the_mean_of_the_whole_grid():
    """Over all masks of 3 of 6 places, each place has what it has without a mask, on average."""
    grid = (2, 3)
    mixer = randomise(LKCAMixer(4, (3, 5))).double()
    x = torch.randn(1, 6, 4, dtype=torch.float64)
    kept = torch.tensor(list(combinations(range(6), 3)))
    mixed = mix_visible(mixer, x[0][kept], kept, grid)
    means = torch.stack([mixed[kept == place].mean(0) for place in range(6)])
    torch.testing.assert_close(means[None], mixer(x, grid), rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize('mixers', ['lkca', 'mhsa', 'lkca+mhsa'])
def test_hidden_pixels_change_nothing(mixers):
    model = randomise(MAELKCAViT(mixers=mixers, **TINY)).double().eval()
    image = torch.randn(2, 3, 16, 16, dtype=torch.float64)
    torch.manual_seed(1)
    tokens, mask, restore = model(image)
    assert tokens.shape == (2, 1 + 4, 12)
    assert mask.sum(1).tolist() == [12, 12]
    hidden = mask.reshape(2, 1, 4, 1, 4, 1).expand(2, 3, 4, 4, 4, 4).reshape(2, 3, 16, 16)
    torch.manual_seed(1)
    repainted = model(image + 5 * hidden)[0]
    torch.testing.assert_close(repainted, tokens, rtol=1e-12, atol=1e-12)
    torch.manual_seed(1)
    assert not torch.allclose(model(image + 5 * (1 - hidden))[0], tokens)
    # The order puts visible tokens where the mask has its zeros.
    row = torch.cat((torch.zeros(2, 4), torch.ones(2, 12)), dim=1)
    assert torch.equal(row.gather(1, restore), mask)


def test_with_nearly_all_visible_it_is_the_trunk():
    """15 of 16 visible: as close to LKCAViT as one hidden token of 16 lets it be, and no closer."""
    model = MAELKCAViT(mask_ratio=1 / 16, **TINY)
    plain = LKCAViT(**TINY)
    plain.load_state_dict(model.state_dict())  # zero kernels: no token hears of another
    image = torch.randn(2, 3, 16, 16)
    tokens, mask, restore = model.eval()(image)
    whole = plain.eval()(image)[0].flatten(2).transpose(1, 2)
    for image in range(2):
        seen = mask[image] == 0
        placed = tokens[image, 1:][restore[image][seen]]
        torch.testing.assert_close(placed, whole[image][seen])


def test_summary_and_rescaling():
    """The first token is the mean of the visible ones; hidden tokens are made up for, or not."""
    image, found = torch.randn(2, 3, 16, 16), []
    for rescale in (False, True):
        model = randomise(MAELKCAViT(**TINY | dict(final_norm=False, rescale=rescale))).eval()
        torch.manual_seed(0)
        tokens, _, _ = model(image)
        torch.testing.assert_close(tokens[:, 0], tokens[:, 1:].mean(1))
        found.append(tokens)
    assert not torch.allclose(*found)


def test_masks_differ_by_image_and_by_call_and_checkpointing_changes_nothing():
    model = randomise(MAELKCAViT(**TINY)).double().eval()
    image = torch.randn(8, 3, 16, 16, dtype=torch.float64)
    torch.manual_seed(0)
    tokens, mask, _ = model(image)
    assert len({tuple(row.tolist()) for row in mask}) > 1
    assert not torch.equal(model(image)[1], mask)
    model.with_cp = True
    torch.manual_seed(0)
    torch.testing.assert_close(model(image)[0], tokens)


@pytest.mark.parametrize(
    'settings, message',
    [
        (dict(mask_ratio=0.0), 'mask_ratio=0.0 must hide some'),
        (dict(mask_ratio=1.0), 'mask_ratio=1.0 must hide some'),
        (dict(mask_ratio=0.999), 'mask_ratio=0.999 must hide some'),
        (dict(with_cls_token=True), 'with_cls_token=True'),
    ],
)
def test_impossible_settings_are_named(settings, message):
    with pytest.raises(ConfigError, match=message):
        MAELKCAViT(**{**TINY, **settings})


def test_images_of_another_size_are_refused_when_masked():
    model = MAELKCAViT(**TINY)
    with pytest.raises(ConfigError, match=r'the images have a grid of \(5, 4\)'):
        model(torch.randn(1, 3, 20, 16))
    assert model(torch.randn(1, 3, 20, 16), mask=None)[0].shape == (1, 12, 5, 4)
