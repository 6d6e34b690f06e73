"""The README names commands and files that exist; tests/paper checks its tables."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
README = (ROOT / 'README.md').read_text(encoding='utf-8')


def test_first_screen_names_both_commands():
    first = README.splitlines()[:20]
    assert any(line.startswith('make demo') for line in first)
    assert any(line.startswith('make test') for line in first)
    makefile = (ROOT / 'Makefile').read_text(encoding='utf-8')
    assert re.search(r'^demo:', makefile, re.M) and re.search(r'^test:', makefile, re.M)


def test_named_files_exist():
    for path in re.findall(r'(?:configs|tools|results|docs|lkca_mm)/[\w./-]+\w', README):
        assert (ROOT / path).exists(), path
