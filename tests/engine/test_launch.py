"""What the options of tools/train.py make of a config."""

import pytest
import torch
from mmengine.config import Config
from mmengine.registry import VISBACKENDS

from lkca_mm.config import get_config
from lkca_mm.engine import launch
from lkca_mm.errors import ConfigError


def config(**more):
    return Config(
        dict(
            model=dict(type='A'),
            train_cfg=dict(type='EpochBasedTrainLoop', max_epochs=1),
            train_dataloader=dict(
                sampler=dict(type='DefaultSampler', shuffle=True), dataset=dict(type='B')
            ),
            optim_wrapper=dict(type='OptimWrapper'),
            work_dir='work_dirs/a',
            load_from='a.pth',
            **more,
        )
    )


@pytest.mark.parametrize(
    ('cuda', 'bf16', 'wrapper'),
    [
        (False, False, 'BFloat16OptimWrapper'),
        (True, True, 'BFloat16OptimWrapper'),
        (True, False, 'AmpOptimWrapper'),
    ],
)
@pytest.mark.parametrize('counts_emulation', [False, True])
def test_amp_is_bf16_wherever_the_gpu_has_it(monkeypatch, cuda, bf16, wrapper, counts_emulation):
    def supported(including_emulation=True):
        return bf16 or including_emulation

    monkeypatch.setattr(torch.cuda, 'is_available', lambda: cuda)
    old = lambda: bf16  # noqa: E731  (PyTorch before 2.4 takes no argument)
    monkeypatch.setattr(torch.cuda, 'is_bf16_supported', supported if counts_emulation else old)
    found = config()
    if cuda and bf16:  # a config that has fp16 by itself
        found.optim_wrapper.update(type='AmpOptimWrapper', loss_scale='dynamic', dtype='float16')
    launch.enable_amp(found)
    assert found.optim_wrapper.type == wrapper
    assert found.optim_wrapper.get('loss_scale') == ('dynamic' if cuda and not bf16 else None)


@pytest.mark.parametrize(
    ('given', 'begun_with', 'own', 'expected'),
    [(None, None, 3, 3), (4, None, 3, 4), (None, 5, 3, 5), (5, 5, 3, 5), (None, None, None, None)],
)
def test_a_resumed_run_keeps_its_seed(given, begun_with, own, expected):
    found = config(randomness=dict(seed=own))
    checkpoint = None if begun_with is None else {'meta': {'seed': begun_with}}
    launch.set_randomness(found, given, False, checkpoint)
    assert found.randomness.seed == expected
    with pytest.raises(ConfigError, match=r'--seed 6: the run of a\.pth began with 7'):
        launch.set_randomness(found, 6, False, {'meta': {'seed': 7}})


def test_a_deterministic_run_says_so_in_its_config():
    found = config()
    for _ in range(2):  # also where the config is one that such a run has written
        launch.set_randomness(found, 4, True, None)
        assert found.randomness == dict(seed=4, deterministic=True)
        loader = found.train_dataloader
        assert loader.sampler == dict(
            type='NumberedSampler', sampler=dict(type='DefaultSampler', shuffle=True)
        )
        assert loader.dataset == dict(type='SeededDataset', dataset=dict(type='B'), seed=4)
        assert found.custom_hooks == [dict(type='IterationSeedHook', every=True)]


def test_a_deterministic_run_by_iterations_needs_a_sampler_without_an_end():
    found = config()
    found.train_cfg.type = 'IterBasedTrainLoop'
    with pytest.raises(ConfigError, match='InfiniteSampler'):
        launch.set_randomness(found, 4, True, None)


def test_deterministic_segmentation_is_refused_on_a_gpu(monkeypatch):
    """PyTorch raises in the backward of adaptive pooling, in 2D cross-entropy and in histc."""
    monkeypatch.setattr(torch.cuda, 'is_available', lambda: True)
    refusals = {'upernet_lkca-s_ade20k_20k.py': True, 'cifar10/lkca-t_100e.py': False}
    for name, refused in refusals.items():
        found = get_config(name)
        launch.set_launcher(found, 'none')
        launch.set_randomness(found, 0, True, None)
        if refused:
            with pytest.raises(ConfigError, match='--deterministic: PyTorch has no'):
                launch.set_launcher(found, 'none')
        else:
            launch.set_launcher(found, 'none')


@pytest.mark.parametrize('name', ['upernet_lkca-s_ade20k_20k.py', 'cifar10/lkca-t_100e.py'])
def test_memory_is_pinned_where_a_gpu_is(monkeypatch, name):
    for cuda in (True, False):
        monkeypatch.setattr(torch.cuda, 'is_available', lambda cuda=cuda: cuda)
        found = get_config(name)
        launch.set_launcher(found, 'none')
        for key in ('train_dataloader', 'val_dataloader', 'test_dataloader'):
            assert found[key].pin_memory is cuda


@pytest.mark.parametrize('unused', [False, True])
def test_cpu_processes_look_for_unused_parameters_if_the_config_says_so(monkeypatch, unused):
    monkeypatch.setattr(torch.cuda, 'is_available', lambda: False)
    monkeypatch.setattr(launch, 'is_distributed', lambda: True)
    found = config(find_unused_parameters=unused)
    launch.set_launcher(found, 'pytorch')
    assert found.model_wrapper_cfg.find_unused_parameters is unused


@pytest.mark.parametrize(
    ('path', 'folder'),
    [('configs/cifar10/a_5e.py', 'cifar10/a_5e'), ('configs/b.py', 'b'), ('mine/c.py', 'c')],
)
def test_work_dir_is_named_after_the_config(path, folder):
    found = Config({}, cfg_text='a = 1', filename=path)
    launch.set_work_dir(found, None)
    assert found.work_dir == f'work_dirs/{folder}'


@pytest.mark.parametrize('kind', [None, 'SegLocalVisualizer'])
def test_loggers_join_those_of_the_config(kind):
    own = kind and dict(type=kind, vis_backends=[dict(type='LocalVisBackend')])
    found = config(visualizer=own)
    launch.log_to(found, ['tensorboard', 'wandb'])
    assert found.visualizer.type == (kind or 'Visualizer')
    names = [backend.type for backend in found.visualizer.vis_backends]
    assert names == ['LocalVisBackend', 'TensorboardVisBackend', 'CodelessWandbVisBackend']
    assert all(VISBACKENDS.get(name) for name in names)
    assert found.visualizer.vis_backends[-1].init_kwargs == {'name': 'a'}
