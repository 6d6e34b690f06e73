"""Tables of made-up records, compared with Markdown worked out by hand."""

import json
import shutil
from pathlib import Path

import pytest

from lkca_mm.errors import DataError
from lkca_mm.paper.report import Table, build_tables, difference, mean_sd, updated
from lkca_mm.record import group_seeds, load_runs

ROOT = Path(__file__).parents[2]
LIGHT = dict(epochs=15, passes=1)


def lines_of(table):
    return table.markdown().splitlines()


def test_mean_and_spread():
    # mean 92, deviations -1, 0, 1: variance (1 + 0 + 1) / 2
    assert mean_sd([91.0, 92.0, 93.0]) == '92.00 ± 1.00 (n=3)'
    assert mean_sd([70.5]) == '70.50 (n=1)'
    assert mean_sd([]) == ''
    # 93 ± sqrt(2) less 90.5 ± sqrt(0.5): sqrt(2.5) = 1.58
    assert difference([92.0, 94.0], [90.0, 91.0]) == '+2.50 ± 1.58'
    assert difference([92.0], [90.0, 91.0]) == '+1.50'


def test_markdown():
    table = Table('t', ['a', 'figure'], [['x|y', '1'], ['z', '22']], notes=['A note.'])
    assert lines_of(table) == [
        '| a | figure |', '|---|---:|', '| x\\|y | 1 |', '| z | 22 |', '', 'A note.',
    ]  # fmt: skip
    assert table.markdown(aligned=True).splitlines()[3] == '| z    |     22 |'
    assert Table('t', ['a']).markdown() == 'Nothing measured yet.'


def test_the_fair_table_has_rows_for_finished_runs_alone(results, record):
    folder = results(
        record('cifar10/vit-500k-light_15e', 71.0, 0, params=503_026, **LIGHT),
        record('cifar10/vit-500k-light_15e', 73.0, 1, params=503_026, **LIGHT),
        record('cifar10/lkca-500k-light_15e', 80.0, finished=False, **LIGHT),
        record(
            'cifar10/lkca-500k-light-published-start_15e', 66.125,
            environment={'commit': '0123456789ab+'}, **LIGHT,
        ),
    )  # fmt: skip
    tables = build_tables(folder)
    assert lines_of(tables['fair']) == [
        '| model | start of the position embedding | params | top-1 |',
        '|---|---|---:|---:|',
        '| ViT | N(0, 0.02) | 503,026 | 72.00 ± 1.41 (n=2) |',
        '| LKCA | N(0, 1), as published | 1,027,611 | 66.12 (n=1) |',
    ]
    assert tables['candidates'].markdown() == 'Nothing measured yet.'


def test_variants_are_measured_from_the_first_of_the_same_recipe(results, record):
    two = dict(epochs=2, passes=1)
    tables = build_tables(
        results(
            record('cifar10/lkca-plus-kernels-4_2e', 43.0, **two),
            record('cifar10/lkca-plus-published_2e', 40.0, **two),
            record('cifar10/lkca-plus-published_2e', 90.0, **two, settings={'a': 1}),
            record('cifar100/lkca-plus-published_2e', 20.0, **two),
            record('cifar100/lkca-plus-channel-scale_2e', 19.0, **two),
        )
    )
    assert [(row[1], row[2], row[-2], row[-1]) for row in tables['candidates'].rows] == [
        ('CIFAR-10', 'lkca-plus-published_2e', '40.00 (n=1)', ''),
        ('CIFAR-10', 'lkca-plus-published_2e', '90.00 (n=1)', ''),
        ('CIFAR-10', 'lkca-plus-kernels-4_2e', '43.00 (n=1)', '+3.00'),
        ('CIFAR-100', 'lkca-plus-published_2e', '20.00 (n=1)', ''),
        ('CIFAR-100', 'lkca-plus-channel-scale_2e', '19.00 (n=1)', '-1.00'),
    ]


def test_paper_tables_have_a_column_for_each_schedule(results, record):
    folder = results(
        *(record(top1=top1, seed=seed) for seed, top1 in enumerate((91.0, 92.0, 93.0))),
        record('cifar10/vit-lite_100e', 60.0, passes=1),
        record('cifar10/lkca-t_5e', 50.0, epochs=5, passes=1),  # another schedule's config
        record('cifar100/lkca-t_100e', 75.0),
    )
    table = build_tables(folder)['tables1-3']
    assert lines_of(table)[0] == (
        '| model | config | params | params, built | FLOPs | CIFAR-10 | CIFAR-10, ours, 100e x1 '
        '| CIFAR-10, ours, 100e x3 | CIFAR-100 | CIFAR-100, ours, 100e x3 | Tiny-ImageNet |'
    )
    rows = {row[0]: ' | '.join(row[1:]) for row in table.rows}
    assert rows['ViT/1M-LKCA'] == (
        'lkca-t | 1.03M | 1,027,611 | 64.82M | 92.49 |  | 92.00 ± 1.00 (n=3) '
        '| 73.40 | 75.00 (n=1) | 57.29'
    )
    assert '91.16 | 60.00 (n=1) |  | 70.86' in rows['ViT/1M']
    assert len(build_tables(folder)['table5'].rows) == 27


def test_seeds_of_one_experiment_belong_together(results, record):
    faster = {'train_dataloader.num_workers': 4, 'default_hooks.logger.interval': 9}
    folder = results(
        record(seed=2),
        record(seed=1, settings=faster),
        record(seed=0, settings={'train_dataloader.batch_size': 64}),  # of one process
        record(seed=0, settings={'optim_wrapper.optimizer.lr': 0.002}),
        record(seed=0, epochs=5),
        record('cifar10/vit-lite_100e'),
        record('cifar100/lkca-t_100e'),
        record(seed=3, finished=False),
    )
    groups = group_seeds(load_runs(folder))
    assert sorted([run['seed'] for run in group] for group in groups) == [[0]] * 4 + [[0, 1, 2]]
    assert {group[0].label for group in groups} == {
        '100e x3', '5e x3', '100e x3, optim_wrapper.optimizer.lr=0.002',
    }  # fmt: skip


@pytest.mark.parametrize(
    ('text', 'words'),
    [
        ('no marker', 'needs pairs'),
        ('<!-- report: one -->\n', 'needs pairs'),
        ('<!-- report: one -->\n<!-- report: one -->\n<!-- /report -->\n', 'needs pairs'),
        ('<!-- report: six -->\n<!-- /report -->\n', 'six is not a table; there are one'),
    ],
)
def test_a_wrong_document_is_named(tmp_path, text, words):
    path = tmp_path / 'page.md'
    path.write_text(text)
    with pytest.raises(DataError, match=words):
        updated(path, {'one': Table('one', ['a'])})


def test_documents_say_what_the_records_say():
    tables = build_tables(ROOT / 'results')
    for path in (ROOT / 'README.md', *(ROOT / 'docs').glob('*.md')):
        if '<!-- report: ' in (text := path.read_text(encoding='utf-8')):
            assert updated(path, tables) == text, f'run python tools/report.py --write {path}'


def test_the_tool_prints_writes_and_checks(run_tool, tmp_path):
    results, page = tmp_path / 'results', tmp_path / 'page.md'
    shutil.copytree(ROOT / 'results', results)
    code, out, err = run_tool('report', 'table1', '--results', results)
    assert code == 0 and out.startswith('## table1\n\n| model | config |'), err
    code, out, _ = run_tool('report', 'table5', '--results', results, '--format', 'json')
    assert code == 0 and len(json.loads(out)['table5']['rows']) == 27

    page.write_text('before\n<!-- report: camvid -->\nold\n<!-- /report -->\nafter \\1\n')
    code, _, err = run_tool('report', '--results', results, '--check', page)
    assert code == 1 and err.count('\n') == 1 and 'page.md' in err and '--write' in err
    assert run_tool('report', '--results', results, '--write', page)[0] == 0
    assert '42.37 (n=1)' in page.read_text()
    assert page.read_text().startswith('before\n<!-- report: camvid -->\n| model |')
    assert page.read_text().endswith(' |\n<!-- /report -->\nafter \\1\n')
    assert run_tool('report', '--results', results, '--check', page)[0] == 0

    for words in (['table9'], ['--results', tmp_path / 'no']):
        code, _, err = run_tool('report', *words)
        assert code == 1 and err.count('\n') == 1
