"""Every segmentation config builds, and the ADE20K ones count as the paper prints."""

from pathlib import Path

import pytest
import torch
from mmcv.transforms import Compose
from mmengine.config import Config
from mmengine.model import revert_sync_batchnorm
from mmengine.registry import DefaultScope, init_default_scope
from mmengine.structures import PixelData
from mmseg.models.backbones import PCPVT, ResNetV1c, SwinTransformer
from mmseg.registry import METRICS, MODELS
from mmseg.structures import SegDataSample
from packaging.version import Version

from lkca_mm.models import LKCAMixer, LKCAViT, PlainViT
from lkca_mm.ops import multiply_adds
from lkca_mm.paper.counts import build_for_counting, count_complexity

CONFIGS = Path(__file__).parents[2] / 'configs'
NAMES = sorted(
    path.stem for path in CONFIGS.glob('*.py') if path.stem.split('_')[0] in ('upernet', 'fpn')
)

# Parameters in millions and multiply-adds in billions as the paper prints them
# (Tables 6 and 7), with the printed precision. Table 6 prints LKCA-B's two columns
# swapped: "0.102G" parameters and "0.115T" FLOPs; here they are put right.
PRINTED = {
    'upernet_vit-s_ade20k_20k': (57.66, 0.01, 67.25, 0.01),
    'upernet_lkca-s_ade20k_20k': (50.58, 0.01, 65.94, 0.01),
    'upernet_vit-b_ade20k_20k': (144, 0.5, 108, 0.5),
    'upernet_lkca-b_ade20k_20k': (115, 0.5, 102, 0.5),
    'fpn_vit-s_ade20k_20k': (37.23, 0.01, 76.14, 0.01),
    'fpn_lkca-s_ade20k_20k': (30.18, 0.01, 77.92, 0.01),
    'upernet_resnet50_ade20k_20k': (64.12, 0.01, 238, 0.5),
    'upernet_swin-s_ade20k_20k': (51.90, 0.01, 231, 0.5),
    'upernet_twins-pcpvt-s_ade20k_20k': (53.30, 0.01, 234, 0.5),
    'fpn_twins-pcpvt-s_ade20k_20k': (33.43, 0.01, 49.74, 0.01),
}
# The same models rebuilt and counted independently, to a thousandth.
REBUILT = {
    'upernet_vit-s_ade20k_20k': (57.661, 67.247),
    'upernet_lkca-s_ade20k_20k': (50.575, 65.939),
    'upernet_vit-b_ade20k_20k': (143.544, 107.841),
    'upernet_lkca-b_ade20k_20k': (115.206, 101.558),
    'fpn_vit-s_ade20k_20k': (37.237, 76.144),
    'fpn_lkca-s_ade20k_20k': (30.187, 77.920),
    'upernet_resnet50_ade20k_20k': (64.118, 238.194),
    'upernet_swin-s_ade20k_20k': (51.899, 231.004),
    'upernet_twins-pcpvt-s_ade20k_20k': (53.304, 233.963),
    'fpn_twins-pcpvt-s_ade20k_20k': (33.433, 49.743),
}
BACKBONES = {
    'lkca': LKCAViT, 'vit': PlainViT, 'resnet50': ResNetV1c, 'swin': SwinTransformer,
    'twins': PCPVT,
}  # fmt: skip
RIVALS = [name for name in PRINTED if name.split('_')[1].split('-')[0] not in ('lkca', 'vit')]


def read(name):
    config = Config.fromfile(CONFIGS / f'{name}.py')
    init_default_scope(config.default_scope)
    return config


def test_the_named_configs_exist():
    assert set(PRINTED) <= set(NAMES)
    assert {'upernet_lkca-s_camvid_20k', 'upernet_vit-s_camvid_20k'} <= set(NAMES)


@pytest.mark.parametrize('name', PRINTED)
def test_counts_are_the_printed_ones(name):
    config = read(name)
    counts = count_complexity(build_for_counting(config), (512, 512))
    params, params_within, flops, flops_within = PRINTED[name]
    assert counts.params / 1e6 == pytest.approx(params, abs=params_within)
    assert counts.paper_flops / 1e9 == pytest.approx(flops, abs=flops_within)
    assert counts.params / 1e6 == pytest.approx(REBUILT[name][0], abs=0.0011)
    assert counts.paper_flops / 1e9 == pytest.approx(REBUILT[name][1], abs=0.0011)


def test_executed_count_swaps_the_convolution_for_what_runs():
    """Per layer: the paper's (2H-1)^2 N C taps against a matrix of N x N, which is made too."""
    config = read('upernet_lkca-s_ade20k_20k')
    counts = count_complexity(build_for_counting(config), (512, 512))
    convolution, toeplitz = 31 * 31 * 256 * 384, 256 * 256 * (384 + 1)
    assert counts.paper_flops - counts.executed_flops == 12 * (convolution - toeplitz)
    assert multiply_adds('conv', (31, 31), (16, 16), 1, 384) == convolution
    assert multiply_adds('toeplitz', (31, 31), (16, 16), 1, 384) == toeplitz


@pytest.mark.parametrize('name', NAMES)
def test_config_builds(name):
    """Model with all heads, pipelines, metric; the leaves stay short."""
    config = read(name)
    model = MODELS.build(config.model)
    assert (
        model.decode_head.num_classes
        == {'ade20k': 150, 'camvid': 11, 'scenes': 150}[name.split('_')[2].split('-')[0]]
    )
    assert type(model.backbone) is BACKBONES[name.split('_')[1].split('-')[0]]
    has_lkca = any(isinstance(module, LKCAMixer) for module in model.modules())
    assert has_lkca == ('lkca' in name)
    for pipeline in ('train_pipeline', 'test_pipeline', 'tta_pipeline'):
        assert len(Compose(config[pipeline]).transforms) == len(config[pipeline])
    METRICS.build(config.test_evaluator)
    assert config.custom_imports.imports == ['lkca_mm']
    lines = (CONFIGS / f'{name}.py').read_text().splitlines()
    assert len(lines) < 45


@pytest.mark.parametrize('name', RIVALS)
def test_rivals_learn_from_scratch(name):
    """No weights are fetched, and the losses of both heads reach every parameter."""
    config = read(name)
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
    config = read(name)
    assert config.train_cfg.max_iters == 20000
    assert config.train_cfg.val_interval == 2000
    optimizer = config.optim_wrapper.optimizer
    assert (optimizer.type, optimizer.lr, optimizer.weight_decay) == ('FusedAdamW', 6e-5, 0.01)
    assert config.param_scheduler[0].end == config.param_scheduler[1].begin == 1500
    assert config.train_dataloader.batch_size == 16


def test_no_decay_on_norm_and_position(tmp_path):
    from mmengine.optim import build_optim_wrapper

    config = read('upernet_vit-s_ade20k_20k')
    backbone = dict(
        config.model.backbone, arch=dict(embed_dims=24, num_layers=1, num_heads=2, mlp_ratio=1)
    )
    model = torch.nn.Module()
    model.backbone = MODELS.build(backbone | dict(out_indices=-1))
    wrapper = build_optim_wrapper(model, config.optim_wrapper)
    # One step of the fused optimizer for each, not one a parameter; PyTorch before 2.4 has
    # no fused kernel for a CPU.
    fused = Version(torch.__version__) >= Version('2.4')
    assert [group['fused'] for group in wrapper.optimizer.param_groups] == [fused] * 2
    decayed = {
        name
        for name, parameter in model.named_parameters()
        for group in wrapper.optimizer.param_groups
        if group['weight_decay'] > 0 and any(parameter is p for p in group['params'])
    }
    assert 'backbone.layers.0.mlp.fc1.weight' in decayed
    assert not any('norm' in name or 'pos_embed' in name or 'cls_token' in name for name in decayed)


@pytest.fixture(autouse=True)
def forget_scope():
    """Leaves no default scope behind for other tests."""
    yield
    DefaultScope._instance_dict.clear()
