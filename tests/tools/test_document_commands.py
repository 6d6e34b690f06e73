"""Every command that a document shows is tried, most of them as they stand there."""

import importlib.util
import os
import re
import subprocess
import sys

import pytest
from document_commands import ROOT, commands
from small_checkout import add_checkpoint, add_config, make_world

pytestmark = pytest.mark.usefixtures('quick_text')

# Whatever takes hours, a network or several machines: its words are understood, and what
# it does is tried by the tests named here.
PARSED = {
    r'tools/prepare_data\.py (ade20k|camvid|cifar10)': 'tests/tools/test_prepare_data.py',
    r'tools/reproduce\.py': 'tests/paper/test_reproduce.py',
    r'tools/benchmark\.py': 'tests/tools/test_benchmark.py',
    r'mask-rcnn': 'tests/detection/run.sh',
    r'upernet_resnet50': 'tests/tools/test_visualize.py',
}
# What a command starts from is there when the one before it in the document has run.
CHECKPOINTS = {
    'CHECKPOINT': 'configs/upernet_lkca-s_ade20k_20k.py',
    'work_dirs/mae_lkca-t_cifar10_5e/epoch_5.pth': 'configs/examples/mae_lkca-t_cifar10_5e.py',
    'work_dirs/demo/iter_300.pth': 'configs/upernet_lkca-tiny_scenes_demo.py',
}


@pytest.fixture(scope='module')
def world(tmp_path_factory):
    folder = tmp_path_factory.mktemp('world')
    make_world(folder)
    return folder


def load(path):
    spec = importlib.util.spec_from_file_location(f'{path.stem}_of_the_docs', path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def variables(words):
    """Splits the variables that a command begins with from its words."""
    count = 0
    while re.match(r'^[A-Z_]+=', words[count]):
        count += 1
    return dict(word.split('=', 1) for word in words[:count]), words[count:]


def check_make(words):
    targets = [word for word in words[1:] if '=' not in word]
    done = subprocess.run(['make', '-n', *targets], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def check_pip(words):
    """That what is to be installed exists; the names on an index are not asked for."""
    extras = (ROOT / 'setup.py').read_text()
    for word in words:
        for extra in re.findall(r'\[(.*)\]', word):
            assert all(f"'{name}'" in extras for name in extra.split(',')), extra
        if word.endswith('.txt'):
            assert (ROOT / word).is_file(), word


def check_script(words, given, folder, tmp_path):
    """That a script starts a tool which understands the rest, with stand-ins to start it."""
    stand_in = tmp_path / 'srun'
    stand_in.write_text('#!/usr/bin/env bash\nprintf "%s\\n" "$@"\n')
    stand_in.chmod(0o755)
    environment = dict(
        os.environ, **given, PYTHON=str(stand_in), PATH=f'{tmp_path}:{os.environ["PATH"]}'
    )
    done = subprocess.run(
        words, cwd=folder, env=environment, check=True, capture_output=True, text=True
    )
    printed = done.stdout.splitlines()
    at = next(i for i, word in enumerate(printed) if re.search(r'tools/\w+\.py$', word))
    assert (folder / printed[at]).is_file()
    parser = load(ROOT / 'tools' / printed[at].rpartition('/')[2]).build_parser()
    args = parser.parse_args(printed[at + 1 :])
    assert (ROOT / args.config).is_file()


@pytest.mark.parametrize('command', commands(), ids=str)
def test_command(command, world, run_tool, monkeypatch, tmp_path):
    configs = re.findall(r'configs/[\w/-]+\.py', f'{command.before} {command.text}')
    # What a pattern stands for.
    patterns = ['configs/upernet_lkca-s_ade20k_20k.py', 'configs/fpn_vit-s_ade20k_20k.py']
    for config in [*configs, *patterns * ('configs/*' in command.text)]:
        add_config(world, config)
    monkeypatch.chdir(world)
    given, words = variables(command.words(world))
    for name in (name for name in CHECKPOINTS if name in command.text):
        add_config(world, CHECKPOINTS[name])
        add_checkpoint(world, CHECKPOINTS[name], name)
    if words[0] == 'make':
        check_make(words)
    elif words[0] == 'pip' or words[1:3] == ['-m', 'pip']:
        check_pip(words)
    elif words[0].endswith('.sh'):
        check_script(words, given, world, tmp_path)
    elif words[1:2] == ['-m']:
        assert importlib.util.find_spec(words[2]), words[2]
        assert all((ROOT / word).exists() for word in words if word.startswith('tests/'))
    elif words[0] in ('tensorboard', 'git', 'cd', 'source'):
        pass  # programs of others
    else:
        assert words[0].endswith('python') and words[1].endswith('.py'), 'say how to try this'
        check_python(command.text, words[1], words[2:], run_tool, given, monkeypatch)


def check_python(text, script, words, run_tool, given, monkeypatch):
    """Runs a tool as a document says, or has it understand its words."""
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    tested = next((where for what, where in PARSED.items() if re.search(what, text)), None)
    if tested is not None:
        assert (ROOT / tested).is_file()
        monkeypatch.syspath_prepend(str((ROOT / script).parent))
        parsed = load(ROOT / script)
        if hasattr(parsed, 'build_parser'):
            parsed.build_parser().parse_args(words)
        return
    if 'wandb' in words:
        pytest.importorskip('wandb')
    if 'tools/export.py' in text:
        pytest.importorskip('onnxruntime')
    if script.startswith('tools/'):
        code, _, err = run_tool(script.removeprefix('tools/').removesuffix('.py'), *words)
        assert code == 0, err[-2000:]
    else:
        done = subprocess.run([sys.executable, script, *words], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr[-2000:]


def test_commands_are_found():
    """So that a change of the documents' form does not empty the list."""
    found = [command.text for command in commands()]
    assert 'make demo' in found and len(found) > 40
