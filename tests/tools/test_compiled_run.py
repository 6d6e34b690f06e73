"""A run with a compiled backbone validates on images of many sizes."""

import copy

import pytest
import torch
from mmengine.runner import Runner
from PIL import Image

from lkca_mm.config import load_config
from lkca_mm.datasets.scenes import prepare_scenes

IMAGES = 10  # more sizes than torch.compile makes graphs of one function


@pytest.fixture
def sized_scenes(tmp_path):
    """Scenes whose images for validation have a size each."""
    prepare_scenes(tmp_path, size=32, num_train=4, num_val=IMAGES)
    for index, path in enumerate(sorted((tmp_path / 'scenes').glob('*/validation/*'))):
        image = Image.open(path)
        image.resize((32 + 8 * (index % IMAGES), 32), Image.Resampling.NEAREST).save(path)
    return tmp_path / 'scenes'


def test_training_alone_is_compiled(write_config, sized_scenes):
    torch._dynamo.reset()
    before = torch._dynamo.utils.counters['stats']['unique_graphs']
    hooks = [{'type': 'CompileHook', 'backend': 'aot_eager'}, {'type': 'EMAHook'}]
    path = write_config(f'custom_hooks = {hooks}', data_root=sized_scenes)
    runner = Runner.from_cfg(load_config(path, {'log_level': 'WARNING'}))
    start = copy.deepcopy(runner.model.state_dict())
    runner.train()
    assert len(runner.val_dataloader) == IMAGES
    assert len(runner.message_hub.get_scalar('val/mIoU').data[0]) == 2
    assert torch._dynamo.utils.counters['stats']['unique_graphs'] == before + 1
    trained = runner.model.state_dict()
    assert trained.keys() == start.keys()
    assert not torch.equal(
        trained['decode_head.conv_seg.weight'], start['decode_head.conv_seg.weight']
    )
