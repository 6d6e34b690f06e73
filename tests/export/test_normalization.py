"""Normalisation in the file, against what pipeline and preprocessor do to a real picture."""

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.dataset import Compose, pseudo_collate
from mmengine.registry import TRANSFORMS, init_default_scope

from lkca_mm.export.logits import LogitsModel
from lkca_mm.export.normalization import find_normalization

MEAN, STD = [120.0, 110.0, 100.0], [60.0, 55.0, 50.0]
NORMALIZE = dict(type='Normalize', mean=[10.0, 20.0, 30.0], std=[2.0, 3.0, 4.0])
CASES = {
    'in memory, in the pipeline': ([dict(NORMALIZE, to_rgb=False)], {}, 'RGB'),
    'in memory, default of the pipeline': ([NORMALIZE], {}, 'BGR'),
    'file, in the preprocessor': (
        [dict(type='LoadImageFromFile')],
        dict(mean=MEAN, std=STD, to_rgb=True),
        'RGB',
    ),
    'file, kept BGR': ([dict(type='LoadImageFromFile')], dict(mean=MEAN, std=STD), 'BGR'),
    'both': (
        [dict(type='LoadImageFromFile'), NORMALIZE],
        dict(mean=MEAN, std=STD, to_rgb=True),
        'BGR',
    ),
    'none': ([], {}, 'RGB'),
}


@pytest.mark.parametrize('case', CASES)
@torch.no_grad()
def test_as_the_library(make_classifier, case):
    steps, preprocessor, channels = CASES[case]
    network = make_classifier(preprocessor=preprocessor)
    steps = [*steps, dict(type='PackInputs')]
    config = Config(dict(test_dataloader=dict(dataset=dict(pipeline=steps))))
    found = find_normalization(config, network)
    assert found.channels == channels

    # The picture as a loader would give it.
    loaded = np.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype=np.uint8)
    init_default_scope('mmpretrain')
    rest = [step for step in steps if step['type'] != 'LoadImageFromFile']
    with TRANSFORMS.switch_scope_and_registry(None) as registry:
        sample = Compose([registry.build(step) for step in rest])({'img': loaded.copy()})
    inputs = network.data_preprocessor(pseudo_collate([sample]))['inputs']
    expected = network(inputs.float(), mode='tensor')

    in_file = any(step['type'] == 'LoadImageFromFile' for step in steps)
    rgb = loaded[..., ::-1] if in_file else loaded
    image = torch.from_numpy((rgb if channels == 'RGB' else rgb[..., ::-1]).copy())
    image = image.permute(2, 0, 1)[None].float()
    logits = LogitsModel(network, (32, 32), found)(image)
    torch.testing.assert_close(logits, expected, rtol=1e-4, atol=1e-4)
