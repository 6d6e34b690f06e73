"""Every command in the documents is understood, and the first of each kind is run.

It runs in a folder like a newcomer's checkout, in which everything that a document names is
small. Its configs have the names of ours and build on them; only sizes and schedules change.
"""

import importlib.util
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import torch
from document_commands import ROOT, commands
from mmengine.config import Config
from PIL import Image

from lkca_mm.config import build_network, load_config, parse_options
from lkca_mm.datasets.scenes import prepare_scenes

pytestmark = pytest.mark.usefixtures('quick_text')

# What takes hours, a network or mmdet is understood here, and tried by these tests.
ELSEWHERE = {
    'tools/prepare_data.py': 'tests/tools/test_prepare_data.py',
    'tools/reproduce.py': 'tests/paper/test_reproduce.py',
    'tools/benchmark.py': 'tests/tools/test_benchmark.py',
    'mask-rcnn': 'tests/detection/run.sh',
    'upernet_resnet50': 'tests/tools/test_visualize.py',
}
# What an earlier command of the document would have made, by the config that makes it.
CHECKPOINTS = {
    'CHECKPOINT': 'configs/upernet_lkca-s_ade20k_20k.py',
    'work_dirs/demo/iter_300.pth': 'configs/upernet_lkca-tiny_scenes_demo.py',
}
SMALL = """
model = dict(
    data_preprocessor=dict(size=(64, 64)),
    backbone=dict(
        arch=dict(_delete_=True, embed_dims=16, num_layers=12, num_heads=2, mlp_ratio=1),
        img_size=64, patch_size=8,
    ),
    neck=dict(in_channels=[16] * 4, out_channels=16),
    decode_head=dict(in_channels=[16] * 4, channels=16),
    auxiliary_head=dict(in_channels=16, channels=16),
)
loading = [
    dict(type='LoadCheckedImage'),
    dict(type='LoadCheckedMask', num_classes=150, reduce_zero_label=True),
    dict(type='Resize', scale=(64, 64)),
    dict(type='PackSegInputs'),
]
loader = dict(num_workers=0, persistent_workers=False, dataset=dict(pipeline=loading))
train_dataloader = dict(batch_size=2, **loader)
val_dataloader = loader
test_dataloader = loader
train_cfg = dict(max_iters=1, val_interval=1)
default_hooks = dict(checkpoint=dict(interval=1))
"""


def kind(command):
    """Returns the tool, and what the tool is asked for where it does several things."""
    return re.search(r'tools/(visualize\.py \w+|\w+)', command.text)[1]


# Model cards last: their commands are those of one run, of hours.
COMMANDS = sorted(commands(), key=lambda command: command.document.parts[0] == 'checkpoints')
TOOLS = [command for command in COMMANDS if re.search(r'python tools/\w+\.py', command.text)]
HERE = [one for one in TOOLS if not any(words in one.text for words in ELSEWHERE)]
FIRST = list({kind(command): command for command in reversed(HERE)}.values())[::-1]


@pytest.fixture(scope='module')
def world(tmp_path_factory):
    """The folder, with generated images where and as ADE20K has its own."""
    folder = tmp_path_factory.mktemp('world')
    for name in ('checkpoints', 'tools'):
        (folder / name).symlink_to(ROOT / name)
    shutil.copytree(ROOT / 'results', folder / 'results')
    (folder / 'docs' / 'pictures').mkdir(parents=True)
    prepare_scenes(folder / 'data', size=64, num_train=2, num_val=3)
    scenes, ade = folder / 'data' / 'scenes', folder / 'data' / 'ADEChallengeData2016'
    for split, short in (('training', 'train'), ('validation', 'val')):
        for kind, suffix in (('images', '.jpg'), ('annotations', '.png')):
            (ade / kind / split).mkdir(parents=True)
            for number, path in enumerate(sorted((scenes / kind / split).iterdir()), 1):
                Image.open(path).save(ade / kind / split / f'ADE_{short}_{number:08}{suffix}')
    shutil.copytree(scenes / 'images' / 'validation', folder / 'photos')
    for name in {*re.findall(r'configs/[\w/-]+\.py', str([c.text + c.before for c in FIRST]))}:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        text = SMALL if 'ade20k' in name else ''
        (folder / name).write_text(f'_base_ = {str(ROOT / name)!r}\n{text}')
    for name, config in CHECKPOINTS.items():
        if not (folder / config).exists():
            continue
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        network = build_network(Config.fromfile(folder / config))
        torch.save({'state_dict': network.state_dict(), 'meta': {}}, folder / name)
    return folder


@pytest.mark.parametrize('command', FIRST, ids=str)
def test_first_command_of_each_kind_runs(command, world, run_tool, monkeypatch):
    monkeypatch.chdir(world)
    _, script, *words = command.words(world)
    if 'tools/export.py' in script:
        pytest.importorskip('onnxruntime')
    code, _, err = run_tool(Path(script).stem, *words)
    assert code == 0, err[-2000:]


def parse(tool, words):
    """Has a tool understand its words; the config that they name takes the options."""
    spec = importlib.util.spec_from_file_location('tool_of_the_docs', ROOT / tool)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    args = module.build_parser().parse_args(words)
    config = getattr(args, 'config', None)
    if config and 'coco' not in config:  # mmdet is not here
        load_config(ROOT / config, parse_options(getattr(args, 'cfg_options', [])))


def check_pip(words):
    """Checks that what is to be installed exists; no index is asked for its names."""
    extras = (ROOT / 'setup.py').read_text()
    for word in words:
        for extra in re.findall(r'\[(.*)\]', word):
            assert all(f"'{name}'" in extras for name in extra.split(',')), extra
        if word.endswith('.txt'):
            assert (ROOT / word).is_file(), word


def check_script(words, environment, tmp_path):
    """Checks that a script starts a tool which understands the rest, with stand-ins to start it."""
    stand_in = tmp_path / 'srun'
    stand_in.write_text('#!/usr/bin/env bash\nprintf "%s\\n" "$@"\n')
    stand_in.chmod(0o755)
    environment |= dict(PYTHON=str(stand_in), PATH=f'{tmp_path}:{os.environ["PATH"]}')
    done = subprocess.run(
        words, cwd=ROOT, env=os.environ | environment, check=True, capture_output=True, text=True
    )
    printed = done.stdout.splitlines()
    at = next(i for i, word in enumerate(printed) if re.search(r'tools/\w+\.py$', word))
    parse(printed[at], printed[at + 1 :])


@pytest.mark.parametrize(
    'command', [command for command in COMMANDS if command not in FIRST], ids=str
)
def test_command_is_understood(command, tmp_path):
    words, given = command.words(ROOT), {}
    while re.match(r'^[A-Z_]+=', words[0]):
        name, _, given[name] = words.pop(0).partition('=')
    if words[0] == 'make':
        targets = [word for word in words if '=' not in word]
        done = subprocess.run(['make', '-n', *targets[1:]], cwd=ROOT, capture_output=True)
        assert done.returncode == 0, done.stderr
    elif words[0] == 'pip' or words[1:3] == ['-m', 'pip']:
        check_pip(words)
    elif words[0].endswith('.sh'):
        check_script(words, given, tmp_path)
    elif words[1:2] == ['-m']:
        assert importlib.util.find_spec(words[2]), words[2]
        assert all((ROOT / word).exists() for word in words if word.startswith('tests/'))
    elif words[0] not in ('tensorboard', 'git', 'cd', 'source'):  # programs of others
        assert words[0].endswith('python') and words[1].endswith('.py'), 'say how to try this'
        parse(words[1], words[2:])


def test_commands_are_found_and_tried():
    """So that a change of the documents' form does not empty the list."""
    texts = [command.text for command in COMMANDS]
    assert 'make demo' in texts and len(texts) > 40
    kinds = {'train', 'test', 'predict', 'complexity', 'export', 'report'}
    kinds |= {f'visualize.py {what}' for what in ('kernels', 'erf', 'curves')}
    assert {kind(command) for command in FIRST} >= kinds
    assert all((ROOT / test).is_file() for test in ELSEWHERE.values())
