"""README.md and CONTRIBUTING.md name commands and files that exist; tests/paper checks tables."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PATHS = r'(?:configs|tools|results|docs|lkca_mm|tests)/[\w./-]*[\w/]'
WRITTEN_BY_THE_READER = ('leaves.py', 'alternating')


@pytest.mark.parametrize('name', ['README.md', 'CONTRIBUTING.md'])
def test_named_files_and_targets_exist(name):
    text = (ROOT / name).read_text(encoding='utf-8')
    for path in re.findall(PATHS, text):
        if not any(word in path for word in WRITTEN_BY_THE_READER):
            assert (ROOT / path).exists(), path
    makefile = (ROOT / 'Makefile').read_text(encoding='utf-8')
    for target in re.findall(r'^make ([\w-]+)|`make ([\w-]+)', text, re.M):
        assert re.search(rf'^{"".join(target)}:', makefile, re.M), target


def test_first_screen_names_both_commands():
    first = (ROOT / 'README.md').read_text(encoding='utf-8').splitlines()[:20]
    for command in ('make demo', 'make test'):
        assert any(line.startswith(command) for line in first)
