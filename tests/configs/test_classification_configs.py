"""The classification configs: a leaf a cell, and the recipe as the runner has it.

tests/paper counts their models.
"""

import pickle
from itertools import pairwise
from operator import attrgetter
from pathlib import Path

import numpy as np
import pytest
import torch
from checks import read_config
from mmcv.transforms import Compose
from mmengine.runner import Runner
from mmpretrain.registry import DATASETS, METRICS, MODELS
from packaging.version import Version
from torch import nn
from torch.utils.data import DataLoader

from lkca_mm.engine import MultiPassSampler, MultiPassTrainLoop
from lkca_mm.errors import ConfigError
from lkca_mm.models import LKCAMixer, LKCAViT, PlainViT
from lkca_mm.paper.counts import build_for_counting
from lkca_mm.paper.tables import load_table

CONFIGS = Path(__file__).parents[2] / 'configs'
DATASETS_OF = {'cifar10': 10, 'cifar100': 100, 'svhn': 10, 'tiny-imagenet': 200}

ROWS = ('vit-500k', 'vit-lite', 'vit-2m', 'vit-small', 'vit-4m', 'vit-8m')
ROWS += ('lkca-500k', 'lkca-t', 'lkca-2m', 'lkca-b', 'lkca-4m', 'lkca-8m', 'lkca-l')


@pytest.mark.parametrize(
    ('dataset', 'name'),
    sorted(
        (dataset, row.config)
        for number in range(1, 6)
        for row in load_table(number).rows
        for dataset in row.printed
        if row.config in ROWS
    ),
)
def test_every_cell_has_a_leaf(dataset, name):
    """The model, for the data set's images and classes; every parameter is used."""
    config = read_config(f'{dataset}/{name}_100e.py')
    size, classes = (64 if dataset == 'tiny-imagenet' else 32), DATASETS_OF[dataset]
    model = MODELS.build(config.model | dict(data_preprocessor=config.data_preprocessor))
    backbone = model.backbone
    assert type(backbone) is (LKCAViT if name.startswith('lkca') else PlainViT)
    assert backbone.grid == (8, 8)
    assert model.data_preprocessor.num_classes == classes
    logits = model.head(model.extract_feat(torch.randn(2, 3, size, size)))
    assert logits.shape == (2, classes)
    if name.startswith('lkca'):
        mixers = [layer.mixer for layer in backbone.layers]
        assert all(type(mixer) is LKCAMixer for mixer in mixers)
        assert all(mixer.kernel.shape == (1, 15, 15) for mixer in mixers)
        assert all(mixer.kernel.abs().max() == 0 for mixer in mixers)
    logits.sum().backward()
    assert all(parameter.grad is not None for parameter in model.parameters())
    assert config.train_dataloader.dataset.type in DATASETS
    METRICS.build(config.val_evaluator)


# --- the recipe, read back from the runner -------------------------------------------


@pytest.fixture(scope='module')
def runner(tmp_path_factory):
    """The runner of LKCA-B on CIFAR-10, built as far as runner.train() builds it.

    Black images in CIFAR-10's files, as many as there are in the real ones.
    """
    data = tmp_path_factory.mktemp('data')
    (data / 'cifar-10-batches-py').mkdir()
    content = {'data': np.zeros((10_000, 3072), np.uint8), 'labels': list(range(10)) * 1000}
    for name in (*(f'data_batch_{i}' for i in range(1, 6)), 'test_batch'):
        (data / 'cifar-10-batches-py' / name).write_bytes(pickle.dumps(content))
    config = read_config('cifar10/lkca-b_100e.py')
    config.work_dir = str(tmp_path_factory.mktemp('work'))
    for loader in (config.train_dataloader, config.val_dataloader, config.test_dataloader):
        loader.dataset.data_root = str(data)
        loader.num_workers, loader.persistent_workers = 0, False
    runner = Runner.from_cfg(config)
    runner._train_loop = runner.build_train_loop(runner._train_loop)
    runner.optim_wrapper = runner.build_optim_wrapper(runner.optim_wrapper)
    runner.param_schedulers = runner.build_param_scheduler(runner.param_schedulers)
    return runner


def test_recipe_passes_and_batches(runner):
    """An epoch of the authors: 1,171 iterations of 128, the rest dropped; 117,100 in all."""
    loop, loader = runner.train_loop, runner.train_dataloader
    assert (loop.passes_per_epoch, loop.max_epochs, loop.max_iters) == (3, 100, 117_100)
    assert (loader.batch_size, len(loader)) == (128, 1171)


def test_recipe_augmentation(runner):
    steps = runner.train_dataloader.dataset.pipeline.transforms
    names = [getattr(step, 't', step).__class__.__name__ for step in steps]
    assert names == [
        'RandomCrop', 'RandomFlip', 'NumpyToPIL', 'TorchvisionAutoAugment', 'PILToNumpy',
        'ImageToTensor', 'RandomErasing', 'PackInputs',
    ]  # fmt: skip
    crop, flip, _, augment, _, _, erase, _ = (getattr(step, 't', step) for step in steps)
    assert (crop.crop_size, crop.padding) == ((32, 32), 4)
    assert (flip.prob, flip.direction) == (0.5, 'horizontal')
    augment = augment.augment
    assert (augment.policy.value, augment.fill) == ('cifar10', [128] * 3)
    mean, std = np.array([0.4914, 0.4822, 0.4465]), np.array([0.2470, 0.2435, 0.2616])
    preprocessor = runner.model.data_preprocessor
    np.testing.assert_allclose(preprocessor.mean.flatten(), 255 * mean, rtol=1e-5)
    np.testing.assert_allclose(preprocessor.std.flatten(), 255 * std, rtol=1e-5)
    assert not preprocessor.to_rgb  # the images in memory are RGB already
    assert (erase.p, erase.scale, erase.ratio) == (0.25, (0.02, 0.4), (0.3, 1 / 0.3))
    # The authors erase after the normalisation, with the mean.
    assert erase.value == np.round(255 * (mean * std + mean)).tolist() == [156, 153, 144]


def test_recipe_mixing_and_smoothing(runner):
    mixing = runner.model.data_preprocessor.batch_augments
    assert [type(aug).__name__ for aug in mixing.augments] == ['Mixup', 'CutMix', 'NoneType']
    assert [aug.alpha for aug in mixing.augments[:2]] == [1.0, 1.0]
    assert mixing.probs == [0.25, 0.25, 0.5]
    loss = runner.model.head.loss_module
    assert type(loss).__name__ == 'LabelSmoothLoss'
    # 10 classes, equal logits but one: (1 - 0.1) on the class, 0.01 on each.
    logits = torch.zeros(1, 10)
    logits[0, 3] = 2
    target = torch.full((10,), 0.01)
    target[3] += 0.9
    expected = -(target * logits[0].log_softmax(0)).sum()
    torch.testing.assert_close(loss(logits, torch.tensor([3])), expected)


def test_recipe_stochastic_depth_and_start(runner):
    assert [layer.drop_path.p for layer in runner.model.backbone.layers] == [0.1] * 10
    assert all(layer.drop_path.mode == 'row' for layer in runner.model.backbone.layers)
    backbone = runner.model.backbone
    assert backbone.pos_embed.std().item() == pytest.approx(1, rel=0.05)
    weight = backbone.layers[0].mlp.fc1.weight
    assert weight.std().item() == pytest.approx((2 / (210 + 420)) ** 0.5, rel=0.05)
    runner.model.head.init_weights()
    assert runner.model.head.fc.weight.std().item() == pytest.approx((2 / 220) ** 0.5, rel=0.05)


def test_recipe_optimizer(runner):
    """AdamW on all parameters alike: the authors spare neither norms nor embeddings."""
    optimizer = runner.optim_wrapper.optimizer
    assert type(optimizer).__name__ == 'AdamW'
    (group,) = optimizer.param_groups
    assert (group['lr'], group['weight_decay']) == (1e-6, 0.05)  # the warm-up has begun
    assert group['initial_lr'] == 1e-3
    assert len(group['params']) == len(list(runner.model.parameters()))
    # PyTorch before 2.4 has no fused kernel for a CPU.
    assert bool(group['fused']) is (Version(torch.__version__) >= Version('2.4'))


def test_recipe_learning_rates(runner):
    """Stepped every iteration: 1e-6, up to 1e-3 in 11,710, half way, back to 1e-6."""
    curve = []
    for _ in range(117_100):
        curve.append(runner.optim_wrapper.get_lr()['lr'][0])
        for scheduler in runner.param_schedulers:
            scheduler.step()
    assert curve[0] == pytest.approx(1e-6)
    assert curve[1] - curve[0] == pytest.approx((1e-3 - 1e-6) / 11_709)
    assert curve[11_709] == pytest.approx(1e-3)
    assert max(curve) == pytest.approx(1e-3)
    middle = 11_710 + (117_100 - 11_710) // 2
    assert curve[middle] == pytest.approx((1e-3 + 1e-6) / 2, rel=1e-3)
    quarter = 11_710 + (117_100 - 11_710) // 4
    expected = 1e-6 + (1e-3 - 1e-6) * (1 + np.cos(np.pi / 4)) / 2
    assert curve[quarter] == pytest.approx(expected, rel=1e-3)
    assert curve[-1] == pytest.approx(1e-6, rel=1e-3)
    assert all(a > b for a, b in pairwise(curve[11_710:]))


@pytest.mark.parametrize('dataset', ['cifar100', 'svhn', 'tiny-imagenet'])
def test_recipe_of_the_other_data_sets(dataset):
    """Only what belongs to the data set differs."""
    ours, cifar10 = (read_config(f'{name}/lkca-t_100e.py') for name in (dataset, 'cifar10'))
    mean, std, policy = {
        'cifar100': ([0.5070, 0.4865, 0.4409], [0.2673, 0.2564, 0.2762], 'cifar10'),
        'svhn': ([0.4377, 0.4438, 0.4728], [0.1980, 0.2010, 0.1970], 'svhn'),
        'tiny-imagenet': ([0.4802, 0.4481, 0.3975], [0.2770, 0.2691, 0.2821], 'imagenet'),
    }[dataset]
    steps = {step.type: step for step in ours.train_dataloader.dataset.pipeline}
    mean, std = 255 * np.array(mean), np.array(std)
    np.testing.assert_allclose(ours.data_preprocessor.mean, mean, rtol=1e-4)
    np.testing.assert_allclose(ours.data_preprocessor.std, 255 * std, rtol=1e-4)
    assert steps['torchvision/RandomErasing'].value == np.round(mean * std + mean).tolist()
    assert steps['TorchvisionAutoAugment'].policy == policy
    same = ('train_cfg', 'optim_wrapper', 'param_scheduler', 'default_hooks', 'model.train_cfg')
    for key in (*same, 'train_dataloader.collate_fn', 'data_preprocessor.type'):
        assert attrgetter(key)(ours) == attrgetter(key)(cifar10)
    Compose(ours.val_dataloader.dataset.pipeline)


@pytest.mark.parametrize(
    ('name', 'start'),
    [(name, start) for name in ('lkca', 'vit') for start in ('', '-published-start')]
    + [('lkca-gated', ''), ('lkca', '-kernels-4'), ('lkca', '-conv-kernel')],
)
def test_fair_comparison_is_at_equal_parameters_and_recipe(name, start):
    """Half a million within 2%; crop and flip, neither mixing nor stochastic depth."""
    name = f'{name}-500k-light'
    config = read_config(f'cifar10/{name}{start}_15e.py')
    model = build_for_counting(config)
    assert sum(p.numel() for p in model.parameters()) == pytest.approx(500_000, rel=0.02)
    std = 1 if 'published' in start else 0.02
    assert model.backbone.pos_embed.std().item() == pytest.approx(std, rel=0.1)
    assert all(type(layer.drop_path) is nn.Identity for layer in model.backbone.layers)
    assert config.model.train_cfg is None
    other = read_config('cifar10/lkca-500k-light_15e.py')
    for key in ('train_dataloader', 'train_cfg', 'optim_wrapper', 'param_scheduler'):
        assert config[key] == other[key]
    steps = [step.type for step in config.train_dataloader.dataset.pipeline]
    assert steps == ['RandomCrop', 'RandomFlip', 'PackInputs']


# --- epochs of several passes --------------------------------------------------------


def test_each_pass_has_every_sample_once():
    sampler = MultiPassSampler(range(10), shuffle=True, seed=3, passes_per_epoch=3)
    order = list(sampler)
    assert len(sampler) == len(order) == 30
    passes = [order[i : i + 10] for i in (0, 10, 20)]
    assert all(sorted(one) == list(range(10)) for one in passes)
    assert passes[0] != passes[1] != passes[2]
    assert list(sampler) == order  # the same epoch again
    # In batches of 4 the rest is dropped once an epoch; each pass alone has two.
    assert len(DataLoader(range(10), batch_size=4, sampler=sampler, drop_last=True)) == 7
    sampler.set_epoch(1)
    assert list(sampler) != order


def test_loop_refuses_another_sampler():
    plain = DataLoader(list(range(4)))
    with pytest.raises(ConfigError, match='cannot use the sampler SequentialSampler'):
        MultiPassTrainLoop(None, plain, max_epochs=1, passes_per_epoch=3)
