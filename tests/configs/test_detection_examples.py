"""The examples that need mmdet, stepped once: `make test-detection`.

Even RetinaNet, whose training step computes none of mmcv's compiled ops, needs them: the fork
of mmdet cannot import its models without.
"""

import json

import numpy as np
import pytest
import torch
from mmengine.dataset import pseudo_collate
from mmengine.registry import DefaultScope
from mmengine.structures import PixelData
from mmseg.structures import SegDataSample
from PIL import Image
from stepped_examples import SMALL, build_model, read_example, step

pytest.importorskip('mmcv._ext', reason='mmcv is without its compiled ops')
pytest.importorskip('mmdet')

from mmdet.registry import DATASETS, MODELS
from mmdet.utils import register_all_modules

from lkca_mm.models import LKCAViT, SimpleFeaturePyramid

register_all_modules(init_default_scope=False)
SIDE = 128


@pytest.fixture(scope='module')
def coco(tmp_path_factory):
    """Four images with two boxes each, laid out as COCO is."""
    root = tmp_path_factory.mktemp('coco')
    generator = np.random.default_rng(0)
    (root / 'annotations').mkdir()
    for split in ('train2017', 'val2017'):
        (root / split).mkdir()
        images, annotations = [], []
        for index in range(4):
            pixels = generator.integers(256, size=(SIDE, SIDE, 3), dtype=np.uint8)
            name = f'{index:012d}.jpg'
            Image.fromarray(pixels).save(root / split / name)
            images.append(dict(id=index, file_name=name, height=SIDE, width=SIDE))
            for left, top, side, category in ((10, 20, 60, 1), (60, 40, 50, 18)):
                right, bottom = left + side, top + side
                polygon = [left, top, right, top, right, bottom, left, bottom]
                annotations.append(
                    dict(
                        id=len(annotations) + 1, image_id=index, category_id=category,
                        bbox=[left, top, side, side], area=side * side, iscrowd=0,
                        segmentation=[polygon],
                    )
                )  # fmt: skip
        categories = [dict(id=number, name=name) for number, name in ((1, 'person'), (18, 'dog'))]
        content = dict(images=images, annotations=annotations, categories=categories)
        (root / 'annotations' / f'instances_{split}.json').write_text(json.dumps(content))
    return root


def read_detection(name, coco):
    """Returns an example with the small trunk, on the images of ``coco``."""
    config = read_example(name, **{**SMALL, 'img_size': SIDE})
    for loader in (config.train_dataloader, config.val_dataloader, config.test_dataloader):
        loader.dataset.data_root = f'{coco}/'
        loader.num_workers, loader.persistent_workers = 0, False
        for transform in loader.dataset.pipeline:
            if transform.type == 'Resize':
                transform.scale = (SIDE, SIDE)
    for evaluator in (config.val_evaluator, config.test_evaluator):
        evaluator.ann_file = str(coco / 'annotations' / 'instances_val2017.json')
    return config


def test_bare_names_are_found_in_mmdets_scope():
    arch = dict(embed_dims=16, num_layers=1, num_heads=1, mlp_ratio=1)
    with DefaultScope.overwrite_default_scope('mmdet'):
        backbone = MODELS.build(dict(type='LKCAViT', arch=arch, img_size=32))
        neck = MODELS.build(dict(type='SimpleFeaturePyramid', in_channels=16))
    assert type(backbone) is LKCAViT
    assert type(neck) is SimpleFeaturePyramid


@pytest.mark.parametrize(
    'name, losses_of',
    [
        ('retinanet', {'loss_cls', 'loss_bbox'}),
        ('mask-rcnn', {'loss_rpn_cls', 'loss_rpn_bbox', 'loss_cls', 'loss_bbox', 'loss_mask'}),
    ],
)
def test_detector_is_stepped(name, losses_of, coco):
    """A batch from mmdet's own pipeline, one step, and a prediction."""
    config = read_detection(f'{name}_lkca-s_coco_1x', coco)
    model = build_model(config)
    strides = [
        SIDE // level.shape[-1] for level in model.extract_feat(torch.randn(1, 3, SIDE, SIDE))
    ]
    heads = model.bbox_head if name == 'retinanet' else model.rpn_head
    assert strides == [pair[0] for pair in heads.prior_generator.strides]
    dataset = DATASETS.build(config.train_dataloader.dataset)
    losses, moved = step(model, config, pseudo_collate([dataset[0], dataset[1]]))
    assert losses_of <= losses.keys()
    assert moved == {name for name, _ in model.named_parameters()}

    held_out = DATASETS.build(config.val_dataloader.dataset)
    config.model.test_cfg.get('rcnn', config.model.test_cfg).score_thr = 0.0
    found = build_model(config).eval().test_step(pseudo_collate([held_out[0]]))[0].pred_instances
    assert 0 < len(found) <= 100
    assert found.bboxes.isfinite().all()
    assert ('masks' in found) == (name == 'mask-rcnn')


def test_mask2former_is_stepped():
    config = read_example('mask2former_lkca-s_ade20k_20k', **SMALL)
    config.model.data_preprocessor.size = (64, 64)
    config.model.decode_head.train_cfg.num_points = 256
    model = build_model(config)
    meta = dict(img_shape=(64, 64), ori_shape=(64, 64))
    masks = torch.randint(150, (2, 1, 8, 8)).repeat_interleave(8, 2).repeat_interleave(8, 3)
    samples = [SegDataSample(gt_sem_seg=PixelData(data=mask), metainfo=meta) for mask in masks]
    images = [torch.randint(256, (3, 64, 64), dtype=torch.uint8) for _ in range(2)]
    losses, _ = step(model, config, dict(inputs=images, data_samples=samples))
    assert {'decode.loss_cls', 'decode.loss_mask', 'decode.loss_dice'} <= losses.keys()
    meta = dict(img_shape=(64, 64), ori_shape=(100, 120))
    batch = dict(inputs=images[:1], data_samples=[SegDataSample(metainfo=meta)])
    assert model.eval().test_step(batch)[0].pred_sem_seg.data.shape == (1, 100, 120)
