"""Small training runs in processes of their own, which can be killed at any moment."""

import importlib.util
import multiprocessing
import os
import pickle
import signal
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from lkca_mm.command import run_command

import numpy as np
import torch
from mmengine.config import Config

from lkca_mm.datasets import CheckedCIFAR10
from lkca_mm.datasets.scenes import prepare_scenes

ROOT = Path(__file__).parents[2]

# A server that has imported everything and computed nothing: what it forks starts at
# once, and without threads or devices of the process that asks for it.
_CONTEXT = multiprocessing.get_context('forkserver')
_CONTEXT.set_forkserver_preload(
    [
        *('lkca_mm', 'matplotlib.pyplot', 'mmpretrain.models', 'mmpretrain.datasets'),
        *('mmpretrain.visualization', 'mmseg.models', 'mmseg.visualization'),
    ]
)

SEGMENTATION = """
_base_ = {base!r}
model = dict(
    backbone=dict(
        arch=dict(embed_dims=16, num_layers=4, num_heads=2, mlp_ratio=1),
        img_size=32, patch_size=8, out_indices=(0, 1, 2, 3), drop_path_rate=0.1,
    ),
    neck=dict(in_channels=[16] * 4, out_channels=16),
    decode_head=dict(in_channels=[16] * 4, channels=16),
    data_preprocessor=dict(size=(32, 32)),
)
train_pipeline = [
    dict(type='LoadCheckedImage'),
    dict(type='LoadCheckedMask', num_classes=150, reduce_zero_label=True),
    dict(type='RandomResize', scale=(32, 32), ratio_range=(0.75, 1.5), keep_ratio=True),
    dict(type='RandomCrop', crop_size=(32, 32), cat_max_ratio=0.75),
    dict(type='RandomFlip', prob=0.5),
    dict(type='PhotoMetricDistortion'),
    dict(type='PackSegInputs'),
]
train_dataloader = dict(
    batch_size=2, num_workers=1, dataset=dict(data_root={data!r}, pipeline=train_pipeline)
)
val_dataloader = dict(
    batch_size=1, num_workers=0, persistent_workers=False, dataset=dict(data_root={data!r})
)
test_dataloader = val_dataloader
param_scheduler = [
    dict(type='LinearLR', start_factor=1e-2, by_epoch=False, begin=0, end=3),
    dict(type='PolyLR', eta_min=0.0, power=1.0, by_epoch=False, begin=3, end={iterations}),
]
train_cfg = dict(max_iters={iterations}, val_interval={interval} * 4)
default_hooks = dict(
    logger=dict(interval=5),
    checkpoint=dict(interval={interval}, max_keep_ckpts=2, save_best='mIoU'),
)
custom_hooks = [
    dict(type='HostMemoryHook'), dict(type='InterruptHook'), dict(type='EMAHook', momentum=0.1)
]
"""

CLASSIFICATION = """
_base_ = {base!r}
model = dict(
    backbone=dict(
        drop_path_rate=0.1,
        arch=dict(_delete_=True, embed_dims=16, num_layers=2, num_heads=2, mlp_ratio=1),
        img_size=32, patch_size=8,
    ),
    head=dict(in_channels=16),
)
data = dict(data_root={data!r}, allow_partial=True)
train_dataloader = dict(batch_size=8, num_workers=2, dataset=data)
val_dataloader = dict(batch_size=20, num_workers=0, persistent_workers=False, dataset=data)
test_dataloader = val_dataloader
train_cfg = dict(max_epochs={iterations} // 18, passes_per_epoch=3, val_interval=2)
param_scheduler = [
    dict(type='LinearLR', start_factor=1e-3, by_epoch=True, begin=0, end=1,
         convert_to_iter_based=True),
    dict(type='CosineAnnealingLR', eta_min=1e-6, by_epoch=True, begin=1,
         end={iterations} // 18, convert_to_iter_based=True),
]
default_hooks = dict(
    logger=dict(interval=5),
    checkpoint=dict(by_epoch=False, interval={interval}, max_keep_ckpts=2),
)
custom_hooks = [
    dict(type='HostMemoryHook'), dict(type='InterruptHook'), dict(type='EMAHook', momentum=0.1)
]
"""


def write_segmentation(folder, iterations, interval=3, text=''):
    """Writes the demo's config, shrunk, and its data; checkpoints lie within a pass over them."""
    if not (folder / 'scenes').exists():
        prepare_scenes(folder, size=32, num_train=16, num_val=2)
    return _write(folder, 'segmentation', SEGMENTATION, text, 'upernet_lkca-tiny_scenes_demo.py',
                  folder / 'scenes', iterations, interval)  # fmt: skip


def write_classification(folder, iterations, interval=3, text=''):
    """Writes CIFAR-10's config, shrunk: epochs of 18 iterations, which pass 3 times over 50."""
    data = folder / 'cifar' / CheckedCIFAR10.SUBFOLDER
    if not data.exists():
        data.mkdir(parents=True)
        generator = np.random.default_rng(0)
        for name in (name for names in CheckedCIFAR10.FILES.values() for name in names):
            pixels = generator.integers(0, 256, (10, 3072), np.uint8)
            content = {'data': pixels, 'labels': list(range(10)), 'batch_label': 'x'}
            (data / name).write_bytes(pickle.dumps(content))
    return _write(folder, 'classification', CLASSIFICATION, text, 'cifar10/lkca-t_100e.py',
                  folder / 'cifar', iterations, interval)  # fmt: skip


WRITERS = {'segmentation': write_segmentation, 'classification': write_classification}


def _write(folder, name, template, text, base, data, iterations, interval):
    base = str(ROOT / 'configs' / base)
    config = folder / f'{name}.py'
    text = (
        template.format(base=base, data=str(data), iterations=iterations, interval=interval) + text
    )
    config.write_text(text)
    return config


def _run(name, argv, log, environment):
    os.setsid()
    handle = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(handle, 1)
    os.dup2(handle, 2)
    os.environ.update(environment)
    torch.set_num_threads(1)
    # Laying out the text of the config takes longer than most of these runs.
    Config.pretty_text = property(lambda config: config.filename)
    path = ROOT / 'tools' / f'{name}.py'
    sys.argv = [str(path), *argv]
    spec = importlib.util.spec_from_file_location(f'{name}_tool', path)
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    code = run_command(tool.build_parser(), tool.main, argv)
    sys.stdout.flush()
    sys.stderr.flush()
    sys.exit(code)


@dataclass
class Run:
    """A tool that runs in a process of its own.

    Attributes:
        process: The process.
        log: The file of all that it prints.
    """

    process: multiprocessing.Process
    log: Path
    _start: int = field(default=0)

    @property
    def output(self):
        return self.log.read_bytes()[self._start :].decode(errors='replace')

    def kill(self):
        """Ends it with ``kill -9``; False if it had ended already."""
        alive = self.process.is_alive()
        if alive:
            os.kill(self.process.pid, signal.SIGKILL)
        self.process.join()
        return alive and self.process.exitcode == -signal.SIGKILL

    def wait(self, seconds=1800):
        """Waits for its end; returns the exit code."""
        self.process.join(seconds)
        if self.process.is_alive():
            self.kill()
            raise TimeoutError(f'no end after {seconds} s: {self.output[-2000:]}')
        return self.process.exitcode

    def wait_for(self, found, seconds=1800, pause=0.002):
        """Waits until ``found()`` is true or the run ends; returns whether it became true."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if found():
                return True
            if not self.process.is_alive():
                return bool(found())
            time.sleep(pause)
        self.kill()
        raise TimeoutError(f'waited {seconds} s in vain: {self.output[-2000:]}')


def start(name, *argv, log, **environment):
    """Starts ``tools/<name>.py``; what it prints is appended to ``log``."""
    log = Path(log)
    log.touch()
    begin = log.stat().st_size
    arguments = (name, [str(word) for word in argv], str(log), environment)
    process = _CONTEXT.Process(target=_run, args=arguments)
    process.start()
    return Run(process, log, begin)


def read(path):
    """Reads a checkpoint of our own."""
    return torch.load(path, map_location='cpu', weights_only=False)


def differences(one, other, name=''):
    """Returns the names of all that two checkpoints do not have alike, bit for bit."""
    if type(one) is not type(other):
        return [name]
    if isinstance(one, dict):
        if one.keys() != other.keys():
            return [name]
        return [
            found for key in one for found in differences(one[key], other[key], f'{name}.{key}')
        ]
    if isinstance(one, (list, tuple)):
        if len(one) != len(other):
            return [name]
        pairs = enumerate(zip(one, other, strict=True))
        return [found for i, (a, b) in pairs for found in differences(a, b, f'{name}.{i}')]
    if isinstance(one, torch.Tensor):
        same = one.dtype == other.dtype and one.shape == other.shape
        same = same and one.numpy().tobytes() == other.numpy().tobytes()
        return [] if same else [name]
    return [] if one == other else [name]


def trained_state(path):
    """Returns what training has made of a run: all of a checkpoint but times and names."""
    checkpoint = read(path)
    state = {
        key: checkpoint[key]
        for key in ('state_dict', 'ema_state_dict', 'optimizer', 'param_schedulers')
    }
    scalars = checkpoint['message_hub']['log_scalars']
    state['losses'] = scalars['train/loss'].data[0].tolist()
    state['rates'] = scalars['train/lr'].data[0].tolist()
    state['at'] = [checkpoint['meta'][key] for key in ('epoch', 'iter')]
    return state
