"""Every example of segmentation and classification, built small and stepped once."""

from pathlib import Path

import mmseg
import pytest
import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmengine.structures import PixelData
from mmpretrain.structures import DataSample
from mmseg.structures import SegDataSample
from stepped_examples import EXAMPLES, SMALL, build_model, read_example, step

from lkca_mm.models import whole_batch_collate

SEGMENTATION = ('dpt', 'fcn', 'ocrnet', 'pspnet', 'segmenter', 'setr')
# These need mmdet, and mmcv's compiled ops: tests/detection.
DETECTION = (
    'mask-rcnn_lkca-s_coco_1x',
    'mask2former_lkca-s_ade20k_20k',
    'retinanet_lkca-s_coco_1x',
)
CLASSIFICATION = (
    'finetune_lkca-t_cifar100_5e', 'linear-probe_lkca-t_cifar100_5e', 'mae_lkca-t_cifar10_5e',
)  # fmt: skip


def images(number, height, width):
    return [torch.randint(256, (3, height, width), dtype=torch.uint8) for _ in range(number)]


def test_no_example_is_left_out():
    named = {f'{head}_lkca-s_ade20k_20k' for head in SEGMENTATION} | {*DETECTION, *CLASSIFICATION}
    named.add('mae_lkca-tiny_folder_200e')  # tests/docs/test_your_own_data.py trains it
    # UPerNet is the paper's own head; its examples have tests of their own.
    found = {path.stem for path in EXAMPLES.glob('*.py') if not path.stem.startswith('upernet')}
    assert found == named


@pytest.mark.parametrize('head', SEGMENTATION)
def test_segmentation_example_is_stepped(head):
    """One step at 64 x 64, then a prediction of an image whose sides no patch divides."""
    config = read_example(f'{head}_lkca-s_ade20k_20k', **SMALL)
    config.model.data_preprocessor.size = (64, 64)
    model = build_model(config)
    meta = dict(img_shape=(64, 64), ori_shape=(64, 64))
    masks = torch.randint(150, (2, 1, 64, 64))
    samples = [SegDataSample(gt_sem_seg=PixelData(data=mask), metainfo=meta) for mask in masks]
    losses, moved = step(model, config, dict(inputs=images(2, 64, 64), data_samples=samples))
    assert losses['loss'] > 0
    assert {name for name, _ in model.named_parameters()} == moved

    meta = dict(img_shape=(72, 90), ori_shape=(100, 120))
    batch = dict(inputs=images(1, 72, 90), data_samples=[SegDataSample(metainfo=meta)])
    predicted = model.eval().test_step(batch)[0].pred_sem_seg.data
    assert predicted.shape == (1, 100, 120)
    assert 0 <= predicted.min() <= predicted.max() < 150


FOUR = dict(out_indices=(2, 5, 8, 11))
THEIRS = {
    'segmenter/segmenter_vit-s_mask_8xb1-160k_ade20k-512x512': (384, dict(final_norm=True)),
    'dpt/dpt_vit-b16_8xb2-160k_ade20k-512x512': (768, FOUR | dict(out_type='featmap_and_readout')),
    'setr/setr_vit-l_pup_8xb2-160k_ade20k-512x512': (1024, FOUR),
}


@pytest.mark.parametrize('path', THEIRS, ids=lambda path: path.split('/')[0])
def test_mmsegs_own_config_takes_another_backbone_line(path):
    """A config that mmseg ships, with its backbone replaced and its weights left out."""
    file = Path(mmseg.__file__).parent / '.mim' / 'configs' / f'{path}.py'
    if not file.is_file():
        pytest.skip('this mmseg came without its configs')
    width, settings = THEIRS[path]
    config = Config.fromfile(file)
    init_default_scope('mmseg')
    config.model.backbone = dict(
        type='LKCAViT', arch={**SMALL['arch'], 'embed_dims': width}, img_size=512, patch_size=16,
        **settings,
    )  # fmt: skip
    config.model.pretrained = None
    model = build_model(config).eval()
    classes = config.model.decode_head.num_classes
    with torch.no_grad():
        assert model(torch.randn(1, 3, 64, 64)).shape[:2] == (1, classes)


def classified(number=4, classes=100):
    samples = [DataSample().set_gt_label(torch.randint(classes, (1,))) for _ in range(number)]
    normalised = torch.randn(number, 3, 32, 32)
    pairs = zip(normalised, samples, strict=True)
    return whole_batch_collate([dict(inputs=x, data_samples=sample) for x, sample in pairs])


@pytest.fixture
def saved(tmp_path):
    """A checkpoint of a 10-class LKCA-T whose kernels are not zero, as a runner saves it."""
    config = read_example('finetune_lkca-t_cifar100_5e', init_cfg=None, kernel_init='trunc_normal')
    config.model.head.num_classes = 10
    weights = build_model(config).state_dict()
    torch.save({'meta': {}, 'state_dict': weights}, tmp_path / 'saved.pth')
    return tmp_path / 'saved.pth', weights


def read_with(name, path, **backbone):
    config = read_example(name, **backbone)
    config.model.backbone.init_cfg.checkpoint = str(path)
    return config


def predict(model):
    batch = dict(inputs=list(torch.randn(2, 3, 32, 32)), data_samples=[DataSample(), DataSample()])
    return [int(sample.pred_label) for sample in model.eval().test_step(batch)]


def test_fine_tuning_starts_from_the_checkpoint_and_moves_all_of_it(saved):
    path, weights = saved
    config = read_with('finetune_lkca-t_cifar100_5e', path)
    model = build_model(config)
    for name, value in model.backbone.state_dict().items():
        torch.testing.assert_close(value, weights[f'backbone.{name}'], rtol=0, atol=0)
    assert model.head.fc.weight.shape == (100, 136)
    losses, moved = step(model, config, classified())
    assert losses['loss'] > 0
    assert moved == {name for name, _ in model.named_parameters()}
    assert all(0 <= label < 100 for label in predict(model))


def test_linear_probe_moves_the_head_alone(saved):
    """Neither parameters nor buffers of the trunk change; it stays in evaluation mode."""
    path, weights = saved
    config = read_with('linear-probe_lkca-t_cifar100_5e', path)
    assert config.model.backbone.frozen_stages == 9  # all layers of LKCA-T
    model = build_model(config)
    _, moved = step(model, config, classified())
    assert moved == {'head.fc.weight', 'head.fc.bias'}
    for name, value in model.backbone.state_dict().items():
        assert torch.equal(value, weights[f'backbone.{name}'])
    containers = (type(model.backbone), torch.nn.ModuleList)
    assert not any(m.training for m in model.backbone.modules() if not isinstance(m, containers))
    assert all(0 <= label < 100 for label in predict(model))


def test_shipped_checkpoint_is_the_one_that_the_examples_name():
    config = read_example('finetune_lkca-t_cifar100_5e')
    assert (EXAMPLES.parents[1] / config.model.backbone.init_cfg.checkpoint).is_file()


def test_mae_is_stepped_and_its_weights_fine_tune(tmp_path):
    config = read_example('mae_lkca-t_cifar10_5e', kernel_init='trunc_normal')
    model = build_model(config)
    losses, moved = step(model, config, classified(classes=10))
    # Patches are normalised: to predict zeros, which it begins near, costs about 1.
    assert 0.8 < losses['loss'] < 2
    fixed = {'neck.decoder_pos_embed'}
    assert moved == {name for name, _ in model.named_parameters()} - fixed
    assert model(torch.randn(2, 3, 32, 32), mode='tensor')[0].shape == (2, 136)

    torch.save({'state_dict': model.state_dict()}, tmp_path / 'mae.pth')
    tuned = build_model(read_with('linear-probe_lkca-t_cifar100_5e', tmp_path / 'mae.pth'))
    learned = model.backbone.state_dict()
    assert learned.keys() == tuned.backbone.state_dict().keys()
    for name, value in tuned.backbone.state_dict().items():
        assert torch.equal(value, learned[name])
