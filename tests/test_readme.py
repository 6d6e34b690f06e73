"""The README says what the records say, and names commands and files that exist."""

import json
import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
README = (ROOT / 'README.md').read_text(encoding='utf-8')


def record(name):
    return json.loads((ROOT / 'results' / name).read_text(encoding='utf-8'))


def test_first_screen_names_both_commands():
    first = README.splitlines()[:20]
    assert any(line.startswith('make demo') for line in first)
    assert any(line.startswith('make test') for line in first)
    makefile = (ROOT / 'Makefile').read_text(encoding='utf-8')
    assert re.search(r'^demo:', makefile, re.M) and re.search(r'^test:', makefile, re.M)


def test_figures_are_those_of_the_records():
    for name in ('ade20k-six/lkca-s.json', 'camvid/lkca-s.json', 'camvid/vit-s.json'):
        scores = record(name)['scores']
        row = next(line for line in README.splitlines() if f'results/{name}' in line)
        for score in ('aAcc', 'mIoU', 'mIoU@10'):
            assert f'{scores[score]:.2f}' in row, (name, score)
    results = record('op_cpu.json')['results']
    row = next(line for line in README.splitlines() if 'results/op_cpu.json' in line)
    for result in results:
        for ratio in result['times_faster_than'].values():
            assert f'{ratio:.1f}' in row


def test_named_files_exist():
    for path in re.findall(r'(?:configs|tools|results|docs|lkca_mm)/[\w./-]+\w', README):
        assert (ROOT / path).exists(), path
