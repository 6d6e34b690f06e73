"""Normalisation in the file, against what pipeline and preprocessor do to an image."""

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.dataset import Compose, pseudo_collate

from lkca_mm.apis import load_model
from lkca_mm.export.logits import LogitsModel, measure_normalization

MEAN, STD = [123.675, 116.28, 103.53], [58.395, 57.12, 57.375]
NORMALIZE = dict(type='Normalize', mean=[10.0, 20.0, 30.0], std=[2.0, 3.0, 4.0])
LOAD, PREPROCESSOR = dict(type='LoadImageFromFile'), dict(mean=MEAN, std=STD)
CASES = {
    'in memory, in the pipeline': ([dict(NORMALIZE, to_rgb=False)], {}, 'RGB'),
    'in memory, default of the pipeline': ([NORMALIZE], {}, 'BGR'),
    'file, in the preprocessor': ([LOAD], dict(PREPROCESSOR, to_rgb=True), 'RGB'),
    'file, kept BGR': ([LOAD], PREPROCESSOR, 'BGR'),
    'both': ([LOAD, NORMALIZE], dict(PREPROCESSOR, to_rgb=True), 'BGR'),
    'none': ([], {}, 'RGB'),
}


@pytest.mark.parametrize('case', CASES)
@torch.no_grad()
def test_normalization_is_that_of_pipeline_and_preprocessor(case):
    steps, preprocessor, channels = CASES[case]
    steps = [*steps, dict(type='PackInputs')]
    arch = dict(embed_dims=8, num_layers=1, num_heads=2, mlp_ratio=1)
    backbone = dict(type='LKCAViT', arch=arch, img_size=16, patch_size=4, out_type='avg_featmap')
    head = dict(type='LinearClsHead', num_classes=5, in_channels=8)
    model = dict(type='ImageClassifier', backbone=backbone, head=head)
    model['data_preprocessor'] = preprocessor
    loader = dict(dataset=dict(pipeline=steps))
    config = Config(dict(model=model, default_scope='mmpretrain', test_dataloader=loader))
    network = load_model(config, device='cpu')
    found = measure_normalization(network, (16, 16))
    assert found['channels'] == channels

    # The image as the data set would give it: RGB from memory, BGR from a file.
    image = np.random.default_rng(0).integers(0, 256, (16, 16, 3), dtype=np.uint8)
    loaded = image[..., ::-1].copy() if LOAD in steps else image.copy()
    rest = Compose([step for step in steps if step != LOAD])
    batch = network.data_preprocessor(pseudo_collate([rest({'img': loaded})]))
    expected = network(batch['inputs'].float(), mode='tensor')
    pixels = image if channels == 'RGB' else image[..., ::-1].copy()
    pixels = torch.from_numpy(pixels).permute(2, 0, 1)[None].float()
    logits = LogitsModel(network, (16, 16), found)(pixels)
    torch.testing.assert_close(logits, expected, rtol=1e-4, atol=1e-4)
    if 'preprocessor' in case:
        assert found['mean'] == MEAN and found['std'] == STD
