"""Every segmentation config builds and learns; tests/paper counts them."""

from pathlib import Path

import pytest
import torch
from checks import read_config
from mmcv.transforms import Compose
from mmengine.model import revert_sync_batchnorm
from mmengine.structures import PixelData
from mmseg.models.backbones import PCPVT, ResNetV1c, SwinTransformer
from mmseg.registry import METRICS, MODELS
from mmseg.structures import SegDataSample

from lkca_mm.models import LKCAMixer, LKCAViT, PlainViT

CONFIGS = Path(__file__).parents[2] / 'configs'
NAMES = sorted(
    path.stem for path in CONFIGS.glob('*.py') if path.stem.split('_')[0] in ('upernet', 'fpn')
)

BACKBONES = {
    'lkca': LKCAViT, 'vit': PlainViT, 'resnet50': ResNetV1c, 'swin': SwinTransformer,
    'twins': PCPVT,
}  # fmt: skip
RIVALS = [
    name
    for name in NAMES
    if 'ade20k' in name and name.split('_')[1].split('-')[0] not in ('lkca', 'vit')
]


@pytest.mark.parametrize('name', NAMES)
def test_config_builds(name):
    """Model with all heads, pipelines, metric; the leaves stay short."""
    config = read_config(f'{name}.py')
    model = MODELS.build(config.model)
    classes = {'ade20k': 150, 'camvid': 11, 'scenes': 150}
    assert model.decode_head.num_classes == classes[name.split('_')[2].split('-')[0]]
    assert type(model.backbone) is BACKBONES[name.split('_')[1].split('-')[0]]
    has_lkca = any(isinstance(module, LKCAMixer) for module in model.modules())
    assert has_lkca == ('lkca' in name)
    for pipeline in ('train_pipeline', 'test_pipeline', 'tta_pipeline'):
        assert len(Compose(config[pipeline]).transforms) == len(config[pipeline])
    resized = [step for step in config.test_pipeline if step.type == 'Resize' and 'camvid' in name]
    assert not resized or resized in config.tta_pipeline[-1].transforms
    METRICS.build(config.test_evaluator)
    assert config.custom_imports.imports == ['lkca_mm']
    assert len((CONFIGS / f'{name}.py').read_text().splitlines()) < 45


@pytest.mark.parametrize('name', RIVALS)
def test_rivals_learn_from_scratch(name):
    """No weights are fetched, and the losses of both heads reach every parameter."""
    config = read_config(f'{name}.py')
    assert 'pretrained' not in config.model.backbone
    assert 'init_cfg' not in config.model.backbone
    if name.startswith('upernet'):
        config.model.decode_head.channels = 16  # it need not be large to learn
    torch.manual_seed(0)
    model = revert_sync_batchnorm(MODELS.build(config.model))
    meta = {'img_shape': (64, 64), 'ori_shape': (64, 64)}
    samples = [
        SegDataSample(gt_sem_seg=PixelData(data=torch.randint(150, (1, 64, 64))), metainfo=meta)
        for _ in range(2)
    ]
    losses = model(torch.randn(2, 3, 64, 64), samples, mode='loss')
    assert ('aux.loss_ce' in losses) == name.startswith('upernet')
    sum(value for key, value in losses.items() if 'loss' in key).backward()
    assert [name for name, p in model.named_parameters() if p.grad is None] == []


@pytest.mark.parametrize('name', [name for name in NAMES if name.endswith('_20k')])
def test_schedule_is_the_documented_one(name):
    config = read_config(f'{name}.py')
    assert config.train_cfg.max_iters == 20000
    assert config.train_cfg.val_interval == 2000
    optimizer = config.optim_wrapper.optimizer
    assert (optimizer.type, optimizer.lr, optimizer.weight_decay) == ('FusedAdamW', 6e-5, 0.01)
    assert config.param_scheduler[0].end == config.param_scheduler[1].begin == 1500
    assert config.train_dataloader.batch_size == 16
