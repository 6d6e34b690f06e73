"""Loading and predicting, against the network's parts and mmseg's and mmpretrain's functions."""

import cv2
import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmpretrain.apis import ImageClassificationInferencer
from mmseg.apis import inference_model, show_result_pyplot
from PIL import Image
from torch.nn import functional as F

from lkca_mm.apis import find_images, load_model, predict, read_image
from lkca_mm.config import build_network
from lkca_mm.errors import ConfigError, DataError

MEAN, STD = (120.0, 110.0, 100.0), (60.0, 55.0, 50.0)
SEG_META = {
    'classes': ('road', 'sky', 'tree', 'car'),
    'palette': [[200, 0, 0], [0, 200, 0], [0, 0, 200], [200, 200, 0]],
}
NAMES = ['airplane', 'bird', 'cat', 'deer', 'dog', 'frog', 'horse', 'ship', 'truck', 'unicorn']


def make_config(scope):
    arch = dict(embed_dims=24, num_layers=2, num_heads=2, mlp_ratio=2)
    backbone = dict(type='LKCAViT', arch=arch, img_size=64, patch_size=16)
    normalize = dict(mean=MEAN, std=STD)
    if scope == 'mmseg':
        head = dict(type='FCNHead', in_channels=24, channels=8, num_convs=1, concat_input=False)
        head |= dict(num_classes=4, norm_cfg=dict(type='SyncBN'), align_corners=False)
        preprocessor = dict(type='SegDataPreProcessor', bgr_to_rgb=True, **normalize)
        model = dict(type='EncoderDecoder', backbone=backbone, decode_head=head)
        model |= dict(data_preprocessor=preprocessor, test_cfg=dict(mode='whole'))
        steps = ['LoadImageFromFile', 'LoadAnnotations', 'PackSegInputs']
        dataset = dict(
            type='CamVidDataset', metainfo=dict(classes=('from', 'the', 'config', 'own'))
        )
    else:
        model = dict(type='ImageClassifier', backbone=backbone)
        model |= dict(neck=dict(type='GlobalAveragePooling'))
        model |= dict(head=dict(type='LinearClsHead', num_classes=10, in_channels=24))
        model |= dict(data_preprocessor=dict(num_classes=10, to_rgb=False, **normalize))
        steps, dataset = ['PackInputs'], dict(type='CIFAR10')
    dataset |= dict(pipeline=[dict(type=step) for step in steps])
    settings = dict(default_scope=scope, model=model, test_dataloader=dict(dataset=dataset))
    return Config(settings)


def save_weights(scope, path, meta):
    """Writes random weights, large enough that the classes differ from place to place."""
    torch.manual_seed(0)
    network = build_network(make_config(scope))
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.normal_(0, 0.3)
    torch.save({'state_dict': network.state_dict(), 'meta': {'dataset_meta': meta}}, path)
    return path


@pytest.fixture(scope='module')
def checkpoints(tmp_path_factory):
    folder = tmp_path_factory.mktemp('weights')
    return {
        'mmseg': save_weights('mmseg', folder / 'segmentor.pth', SEG_META),
        'mmpretrain': save_weights('mmpretrain', folder / 'classifier.pth', {'classes': NAMES}),
    }


@pytest.fixture
def photo(tmp_path):
    """Smooth random colours in a file; returns its path and the RGB pixels."""
    noise = np.random.default_rng(0).integers(0, 256, (5, 6, 3), dtype=np.uint8)
    image = Image.fromarray(noise).resize((90, 70), Image.Resampling.BILINEAR)
    image.save(tmp_path / 'photo.png')
    return tmp_path / 'photo.png', np.asarray(image)


def normalised(rgb):
    image = (rgb.astype(np.float32) - np.float32(MEAN)) / np.float32(STD)
    return torch.from_numpy(image.transpose(2, 0, 1))[None]


def test_segmentation(checkpoints, photo, tmp_path):
    path, rgb = photo
    model = load_model(make_config('mmseg'), checkpoints['mmseg'], 'cpu')
    assert not model.training
    assert not any(isinstance(module, torch.nn.SyncBatchNorm) for module in model.modules())
    with torch.no_grad():
        logits = model.decode_head(model.backbone(normalised(rgb)))
    logits = F.interpolate(logits, size=rgb.shape[:2], mode='bilinear', align_corners=False)
    expected = logits.argmax(dim=1)
    assert len(expected.unique()) > 1
    found = predict(model, path)
    assert torch.equal(found.pred_sem_seg.data, expected)
    # A classifier, loaded in between, leaves its scope behind.
    load_model(make_config('mmpretrain'), checkpoints['mmpretrain'], 'cpu')
    assert torch.equal(predict(model, path).pred_sem_seg.data, expected)
    load_model(make_config('mmseg'), checkpoints['mmseg'], 'cpu')
    assert torch.equal(inference_model(model, str(path)).pred_sem_seg.data, expected)
    show_result_pyplot(model, rgb, found, show=False, out_file=str(tmp_path / 'drawn.png'))
    assert Image.open(tmp_path / 'drawn.png').size == (90, 70)
    steps = [dict(type='LoadCheckedImage'), dict(type='LoadCheckedMask', num_classes=4)]
    model.cfg.test_pipeline = [*steps, dict(type='PackSegInputs')]
    assert torch.equal(inference_model(model, str(path)).pred_sem_seg.data, expected)


def test_classification_of_a_data_set_in_memory(checkpoints, photo):
    """CIFAR's images need no loading and no resizing; a photo does, and is RGB as CIFAR is."""
    path, rgb = photo
    model = load_model(make_config('mmpretrain'), checkpoints['mmpretrain'], 'cpu')
    assert np.array_equal(read_image(path), rgb)
    rgb = cv2.resize(rgb, (64, 64), interpolation=cv2.INTER_LINEAR)
    with torch.no_grad():
        tokens = model.backbone(normalised(rgb))[-1].mean(dim=(2, 3))
        scores = model.head.fc(tokens).softmax(dim=1)[0]
    sample = predict(model, path)
    torch.testing.assert_close(sample.pred_score, scores)
    (theirs,) = ImageClassificationInferencer(model)(str(path))
    assert theirs['pred_class'] == NAMES[int(scores.argmax())]
    assert theirs['pred_scores'] == pytest.approx(scores.numpy(), rel=1e-5)
    load_model(make_config('mmseg'), checkpoints['mmseg'], 'cpu')  # leaves its scope behind
    torch.testing.assert_close(predict(model, path).pred_score, scores)
    load_model(make_config('mmpretrain'), checkpoints['mmpretrain'], 'cpu')
    model.cfg.test_dataloader.dataset.pipeline.insert(0, dict(type='LoadCheckedImage'))
    (theirs,) = ImageClassificationInferencer(model)(cv2.resize(rgb, (64, 64)))
    assert theirs['pred_class'] == NAMES[int(scores.argmax())]


def test_names_and_colours_of_the_classes(checkpoints, tmp_path):
    config = make_config('mmseg')
    meta = load_model(config, checkpoints['mmseg'], 'cpu').dataset_meta
    assert meta == {**SEG_META, 'classes': list(SEG_META['classes'])}
    meta = load_model(config, save_weights('mmseg', tmp_path / 'a.pth', {}), 'cpu').dataset_meta
    assert meta['classes'] == ['from', 'the', 'config', 'own'] and len(meta['palette']) == 4
    config.test_dataloader.dataset.pop('type')
    config.test_dataloader.dataset.pop('metainfo')
    meta = load_model(config, None, 'cpu').dataset_meta
    assert meta['classes'] == ['class 0', 'class 1', 'class 2', 'class 3']
    three = save_weights('mmseg', tmp_path / 'b.pth', {'classes': ['only', 'three', 'names']})
    with pytest.raises(ConfigError, match='predicts 4 classes, but 3 are named'):
        load_model(config, three, 'cpu')


def test_files(photo, tmp_path):
    path, _ = photo
    (tmp_path / 'a.JPG').touch()
    (tmp_path / 'notes.txt').touch()
    assert find_images([tmp_path, path]) == [tmp_path / 'a.JPG', path]
    (tmp_path / 'empty').mkdir()
    for name, message in (('none', 'no such image or folder'), ('empty', 'holds no image')):
        with pytest.raises(DataError, match=f'{name}: {message}'):
            find_images([tmp_path / name])
    (tmp_path / 'cut.png').write_bytes(path.read_bytes()[:200])
    for name in ('a.JPG', 'notes.txt', 'cut.png', 'none.png'):
        with pytest.raises(DataError, match=f'{name}: cannot be read as an image'):
            read_image(tmp_path / name)
