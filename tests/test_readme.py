"""The README says what the records say, and names commands and files that exist."""

import json
import re
from pathlib import Path

import pytest

from lkca_mm.report import build_tables
from lkca_mm.report.documents import out_of_date

ROOT = Path(__file__).parents[1]
DOCUMENTS = ('results', 'operator', 'speed')
README = (ROOT / 'README.md').read_text(encoding='utf-8')


def record(name):
    return json.loads((ROOT / 'results' / name).read_text(encoding='utf-8'))


def test_first_screen_names_both_commands():
    first = README.splitlines()[:20]
    assert any(line.startswith('make demo') for line in first)
    assert any(line.startswith('make test') for line in first)
    makefile = (ROOT / 'Makefile').read_text(encoding='utf-8')
    assert re.search(r'^demo:', makefile, re.M) and re.search(r'^test:', makefile, re.M)


@pytest.mark.parametrize('name', ['README.md', *(f'docs/{n}.md' for n in DOCUMENTS)])
def test_tables_are_those_of_the_records(name):
    tables = build_tables(ROOT / 'results')
    assert not out_of_date(ROOT / name, tables), 'run tools/report.py --write'


def test_records_say_what_the_first_table_says():
    """The same figures once more, without the tool that wrote them."""
    for name in ('ade20k-six/lkca-s.json', 'camvid/lkca-s.json', 'camvid/vit-s.json'):
        scores = record(name)['scores']
        row = next(line for line in README.splitlines() if f'results/{name}' in line)
        for score in ('aAcc', 'mIoU', 'mIoU@10'):
            assert f'{score} {scores[score]:.2f}' in row, (name, score)
    row = next(line for line in README.splitlines() if 'results/op_cpu.json' in line)
    for result in record('op_cpu.json')['results']:
        for rival in ('depthwise conv2d', 'mhsa with SDPA'):
            assert f'{result["times_faster_than"][rival]:.1f}' in row


def test_named_files_exist():
    for path in re.findall(r'(?:configs|tools|results|docs|lkca_mm)/[\w./-]+\w', README):
        assert (ROOT / path).exists(), path
