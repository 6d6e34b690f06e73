"""tools/report.py from its command line."""

import json
import shutil
from pathlib import Path

import pytest

from lkca_mm.report import NAMES

ROOT = Path(__file__).parents[2]


@pytest.fixture
def results(tmp_path):
    folder = tmp_path / 'results'
    shutil.copytree(ROOT / 'results', folder)
    return folder


def test_prints_what_is_asked_for(run_tool, results):
    code, out, err = run_tool('report', 'table1', '--results', results)
    assert code == 0, err
    assert out.startswith('## table1\n\n| model | config |')
    assert '## table2' not in out
    code, out, _ = run_tool('report', '--results', results, '--format', 'json')
    assert code == 0
    tables = json.loads(out)
    assert next(iter(tables)) == 'measured' and list(tables) == list(NAMES)
    assert len(tables['table5']['rows']) == 27
    code, out, _ = run_tool('report', 'table4', '--results', results, '--format', 'text')
    assert code == 0
    assert '1,027,611' in out and '|' not in out


def test_writes_and_checks_documents(run_tool, results, tmp_path):
    page = tmp_path / 'page.md'
    page.write_text((ROOT / 'README.md').read_text())
    assert run_tool('report', '--results', results, '--check', page)[0] == 0
    path = results / 'camvid' / 'vit-s.json'
    path.write_text(path.read_text().replace('69.66', '70.66'))
    code, _, err = run_tool('report', '--results', results, '--check', page)
    assert code == 1
    assert err.count('\n') == 1 and 'page.md: measured' in err and '--write' in err
    code, out, _ = run_tool('report', '--results', results, '--write', page)
    assert code == 0
    assert 'page.md' in out and 'aAcc 70.66' in page.read_text()
    assert run_tool('report', '--results', results, '--check', page)[0] == 0


def test_bad_input_is_one_line(run_tool, results, tmp_path):
    for arguments, word in ((['table9'], 'table9'), (['--results', tmp_path / 'no'], 'no')):
        code, _, err = run_tool('report', *arguments)
        assert code == 1 and err.count('\n') == 1 and word in err
    (results / 'broken.json').write_text('{')
    code, out, err = run_tool('report', '--results', results)
    assert (code, out) == (1, '')
    assert err.count('\n') == 1 and 'broken.json' in err
