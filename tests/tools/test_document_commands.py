"""Every command in the documents is understood: words, files, config and its options."""

import importlib.util
import os
import re
import subprocess

import pytest
from document_commands import ROOT, commands

from lkca_mm.config import load_config, parse_options

pytestmark = pytest.mark.usefixtures('quick_text')


def parse(tool, words):
    """Has a tool understand its words; the config that they name takes the options."""
    spec = importlib.util.spec_from_file_location('tool_of_the_docs', ROOT / tool)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    args = module.build_parser().parse_args(words)
    named = [word for word in words if re.match('(configs|checkpoints)/', word)]
    assert all((ROOT / word).exists() for word in named), named
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


@pytest.mark.parametrize('command', commands(), ids=str)
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


def test_commands_are_found():
    """So that a change of the documents' form does not empty the list."""
    texts = [command.text for command in commands()]
    assert 'make demo' in texts and len(texts) > 40
    tools = {match[1] for text in texts if (match := re.search(r'python tools/(\w+)\.py', text))}
    assert tools == {path.stem for path in (ROOT / 'tools').glob('*.py')} - {'demo'}
