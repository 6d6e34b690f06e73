"""Maps beside a readout token, as DPT's head takes them, and what a frozen trunk keeps still."""

import pytest
import torch
from mmseg.models.backbones import VisionTransformer
from random_weights import randomise

from lkca_mm.models import LKCAViT, PlainViT, convert_mmseg_vit

TINY = dict(embed_dims=24, num_layers=4, num_heads=3, mlp_ratio=2)


@pytest.mark.parametrize('final_norm', [False, True])
def test_readout_of_plain_vit_is_mmsegs_class_token(final_norm):
    settings = dict(img_size=64, patch_size=16, out_indices=(0, 2, 3), final_norm=final_norm)
    theirs = VisionTransformer(
        embed_dims=24, num_layers=4, num_heads=3, mlp_ratio=2, output_cls_token=True,
        norm_cfg=dict(type='LN', eps=1e-6), patch_bias=True, **settings,
    )  # fmt: skip
    randomise(theirs).double()
    ours = PlainViT(arch=TINY, out_type='featmap_and_readout', **settings).double()
    ours.load_state_dict(convert_mmseg_vit(theirs.state_dict()))
    x = torch.randn(2, 3, 64, 64, dtype=torch.float64)
    for found, expected in zip(ours(x), theirs(x), strict=True):
        torch.testing.assert_close(found[0], expected[0], rtol=1e-5, atol=1e-5)
        torch.testing.assert_close(found[1], expected[1], rtol=1e-5, atol=1e-5)


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


@pytest.mark.parametrize('stages, trained', [(3, 'final_norm'), (4, None)])
def test_all_stages_frozen_is_all_of_the_trunk(stages, trained):
    model = PlainViT(arch=TINY, img_size=32, final_norm=True, frozen_stages=stages).train()
    moving = {name.split('.')[0] for name, p in model.named_parameters() if p.requires_grad}
    assert moving == ({'layers', 'final_norm'} if trained else set())
    assert model.final_norm.training is (trained is not None)
