"""Running the command-line tools in this process, on data of a few small pictures."""

import importlib.util
from functools import cache
from pathlib import Path

import pytest
from mmengine.config import Config
from mmengine.logging import MessageHub, MMLogger
from mmengine.registry import DefaultScope
from mmengine.runner import runner
from mmengine.visualization import Visualizer
from mmpretrain.visualization import UniversalVisualizer
from mmseg.visualization import SegLocalVisualizer
from yapf.yapflib import yapf_api

from lkca_mm.command import run_tool as run_tool_main
from lkca_mm.datasets.scenes import prepare_scenes

ROOT = Path(__file__).parents[2]
_KEPT_BY_A_PROCESS = (
    *(DefaultScope, MMLogger, MessageHub),
    *(Visualizer, SegLocalVisualizer, UniversalVisualizer),
)


@pytest.fixture(autouse=True, scope='session')
def _ask_once():
    """Spares what is the same each time: the layout of a config's text, compilers' versions."""
    form, environment, formatted = yapf_api.FormatCode, runner.collect_env, {}

    def form_once(text, **options):
        if text not in formatted:
            formatted[text] = form(text, **options)
        return formatted[text]

    yapf_api.FormatCode, runner.collect_env = form_once, cache(environment)
    yield
    yapf_api.FormatCode, runner.collect_env = form, environment


@pytest.fixture
def run_tool(capfd):
    """Returns a function that runs ``tools/<name>.py``: exit code, stdout, stderr."""

    def run(name, *argv):
        path = ROOT / 'tools' / f'{name}.py'
        spec = importlib.util.spec_from_file_location(f'{name}_tool', path)
        tool = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(tool)
        capfd.readouterr()
        try:
            args = tool.build_parser().parse_args([str(word) for word in argv])
            code = run_tool_main(tool.main, args)
        except SystemExit as end:  # argparse's way out
            code = end.code
        finally:
            # What a process would take with it: loggers on closed streams above all.
            for manager in _KEPT_BY_A_PROCESS:
                manager._instance_dict.clear()
        printed = capfd.readouterr()
        return code, printed.out, printed.err

    return run


@pytest.fixture
def quick_text(monkeypatch):
    """Spares the layout of the config's text, which takes longer than a few iterations."""
    monkeypatch.setattr(Config, 'pretty_text', property(lambda config: config.filename))


@pytest.fixture(scope='session')
def scenes(tmp_path_factory):
    """A few generated pictures of 32 x 32, as `tools/prepare_data.py scenes` lays them out."""
    root = tmp_path_factory.mktemp('data')
    prepare_scenes(root, size=32, num_train=4, num_val=2)
    return root / 'scenes'


@pytest.fixture
def write_config(tmp_path, scenes):
    """Returns a function that writes the demo's config, shrunk, and what it is given."""

    def write(text='', name='tiny.py', data_root=scenes):
        path = tmp_path / name
        path.write_text(
            f"""
_base_ = {str(ROOT / 'configs' / 'upernet_lkca-tiny_scenes_demo.py')!r}
model = dict(
    backbone=dict(
        arch=dict(embed_dims=16, num_layers=4, num_heads=2, mlp_ratio=1),
        img_size=32, patch_size=8, out_indices=(0, 1, 2, 3),
    ),
    neck=dict(in_channels=[16] * 4, out_channels=16),
    decode_head=dict(in_channels=[16] * 4, channels=16),
    data_preprocessor=dict(size=(32, 32)),
)
train_pipeline = [
    dict(type='LoadCheckedImage'),
    dict(type='LoadCheckedMask', num_classes=150, reduce_zero_label=True),
    dict(type='RandomFlip', prob=0.5),
    dict(type='PackSegInputs'),
]
loader = dict(num_workers=0, persistent_workers=False)
train_dataloader = dict(
    batch_size=2, dataset=dict(data_root={str(data_root)!r}, pipeline=train_pipeline), **loader
)
val_dataloader = dict(batch_size=1, dataset=dict(data_root={str(data_root)!r}), **loader)
test_dataloader = val_dataloader
train_cfg = dict(max_iters=4, val_interval=2)
default_hooks = dict(
    logger=dict(interval=1), checkpoint=dict(interval=2, max_keep_ckpts=2)
)
work_dir = {str(tmp_path / 'work')!r}
{text}
"""
        )
        return path

    return write
