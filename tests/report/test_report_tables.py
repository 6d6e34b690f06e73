"""Tables of made-up records, compared with Markdown worked out by hand."""

import json
import shutil
from pathlib import Path

import pytest
from made_up_records import FIVE, make_record

from lkca_mm.errors import DataError
from lkca_mm.report import NAMES, build_tables
from lkca_mm.report.ablation import ablation_table, candidates_table
from lkca_mm.report.classification import classification_table, comparison_table
from lkca_mm.report.measured import measured_table
from lkca_mm.report.operator import operator_table
from lkca_mm.report.paper_tables import paper_table
from lkca_mm.report.runs import load_runs
from lkca_mm.report.speed import speed_tables
from lkca_mm.report.table import Table

RESULTS = Path(__file__).parents[2] / 'results'


def lines_of(table):
    return table.markdown().splitlines()


def row_of(table, model):
    return next(line for line in lines_of(table) if line.startswith(f'| {model} |'))


def test_nothing_measured(results):
    table = paper_table(1, load_runs(results()))
    assert lines_of(table)[:3] == [
        '| model | config | params | params, built | FLOPs | top-1 | top-1, ours |',
        '|---|---|---:|---:|---:|---:|---:|',
        '| ViT | vit-small | 2.69M | 2,692,426 | 174.25M | 93.36 |  |',
    ]
    assert len(lines_of(table)) == 14
    assert classification_table([]).markdown() == 'Nothing measured yet.'
    assert set(build_tables(results())) == set(NAMES)


def test_schedules_have_columns_and_seeds_a_spread(results):
    runs = load_runs(
        results(
            # mean 92, deviations -1, 0, 1: variance (1 + 0 + 1) / 2
            make_record(seed=0, top1=91.0),
            make_record(seed=1, top1=92.0),
            make_record(seed=2, top1=93.0),
            make_record(seed=3, top1=10.0, finished=False),
            make_record(seed=0, top1=70.125, schedule=FIVE),
            make_record(seed=0, top1=95.0, model='vit-lite'),
            make_record(seed=0, top1=50.0, dataset='cifar100'),
            make_record(seed=0, top1=12.0, model='another'),
        )
    )
    table = paper_table(1, runs)
    assert lines_of(table)[0].endswith(
        '| FLOPs | top-1 | top-1, ours, 5e x1 | top-1, ours, 100e x3 |'
    )
    assert row_of(table, 'ViT/1M-LKCA') == (
        '| ViT/1M-LKCA | lkca-t | 1.03M | 1,027,611 | 64.82M | 92.49 '
        '| 70.12 (n=1) | 92.00 ± 1.00 (n=3) |'
    )
    assert row_of(table, 'ViT/1M') == (
        '| ViT/1M | vit-lite | 1.06M | 1,060,674 | 68.36M | 91.16 |  | 95.00 (n=1) |'
    )
    assert table.notes == []


def test_table_4_has_three_data_sets(results):
    runs = load_runs(
        results(
            make_record(top1=92.5, environment={'commit': '0123456789ab+'}),
            make_record(dataset='svhn', top1=97.0, schedule=FIVE),
        )
    )
    table = paper_table(4, runs)
    assert lines_of(table)[0] == (
        '| model | config | params | params, built | FLOPs | CIFAR-10 | CIFAR-10, ours, 100e x3 '
        '| CIFAR-100 | CIFAR-100, ours | SVHN | SVHN, ours, 5e x1 |'
    )
    assert row_of(table, 'LKCA-T') == (
        '| LKCA-T | lkca-t | 1.03M | 1,027,611 | 64.82M | 92.49 | 92.50 (n=1) † '
        '| 73.40 |  | 97.15 | 97.00 (n=1) |'
    )
    assert row_of(table, 'CaiT-T') == (
        '| CaiT-T | cait-t | 1.00M | 1,001,306 | 61.16M | 91.99 |  | 70.65 |  | 97.53 |  |'
    )
    assert lines_of(table)[-1] == '† measured with changes that no commit holds.'


def test_recipes_of_one_length_share_a_cell(results):
    runs = load_runs(
        results(
            make_record(top1=90.0),
            make_record(top1=91.0, settings={'param_scheduler.0.end': 20}),
        )
    )
    assert '| 90.00 (n=1); 91.00 (n=1) |' in row_of(paper_table(1, runs), 'ViT/1M-LKCA')


def test_classification_compares_models_of_one_size(results):
    runs = load_runs(
        results(
            # LKCA: 92, 94: mean 93, deviation sqrt(2). ViT: 90, 91: 90.5, sqrt(0.5).
            # Difference 2.5, its deviation sqrt(2 + 0.5) = 1.58.
            make_record(seed=0, top1=92.0, best=92.5),
            make_record(seed=1, top1=94.0, best=94.5),
            make_record(seed=0, top1=90.0, model='vit-lite', params=1060674),
            make_record(seed=1, top1=91.0, model='vit-lite', params=1060674),
            # One run each: a difference without a spread; a baseline of another recipe: none.
            make_record(dataset='svhn', top1=96.5, schedule=FIVE),
            make_record(dataset='svhn', top1=97.0, schedule=FIVE, model='vit-lite'),
            make_record(dataset='svhn', top1=60.0, model='vit-lite', settings={'a': 1}),
            make_record(dataset='svhn', top1=61.0),
            make_record(dataset='mine', model='net', top1=1.0, environment={'commit': 'a+'}),
        )
    )
    assert lines_of(classification_table(runs)) == [
        '| data set | schedule | model | params | seeds | top-1 | best top-1 | over ViT |',
        '|---|---|---|---:|---:|---:|---:|---:|',
        '| CIFAR-10 | 100e x3 | vit-lite | 1,060,674 | 0, 1 | 90.50 ± 0.71 | 90.50 ± 0.71 |  |',
        '| CIFAR-10 | 100e x3 | lkca-t | 1,027,611 | 0, 1 | 93.00 ± 1.41 | 93.50 ± 1.41 '
        '| +2.50 ± 1.58 |',
        '| SVHN | 5e x1 | vit-lite | 1,027,611 | 0 | 97.00 | 97.00 |  |',
        '| SVHN | 5e x1 | lkca-t | 1,027,611 | 0 | 96.50 | 96.50 | -0.50 |',
        '| SVHN | 100e x3 | lkca-t | 1,027,611 | 0 | 61.00 | 61.00 |  |',
        '| SVHN | 100e x3, a=1 | vit-lite | 1,027,611 | 0 | 60.00 | 60.00 |  |',
        '| mine | 100e x3 | net † | 1,027,611 | 0 | 1.00 | 1.00 |  |',
        '',
        '† measured with changes that no commit holds.',
    ]


def test_comparison_puts_the_paper_beside(results):
    runs = load_runs(
        results(
            make_record(seed=0, top1=92.0),
            make_record(seed=1, top1=94.0),
            make_record(seed=0, top1=90.0, model='vit-lite'),
            make_record(seed=1, top1=91.0, model='vit-lite'),
            make_record(dataset='svhn', top1=96.5),
            make_record(dataset='svhn', top1=97.0, model='vit-lite', environment={'commit': 'a+'}),
            make_record(dataset='cifar100', top1=70.0),  # without a ViT beside it
        )
    )
    # In print: 92.49 - 91.16 (Table 1) and 97.15 - 97.53 (Table 4).
    assert lines_of(comparison_table(runs))[2:] == [
        '| CIFAR-10 | 100e x3 | lkca-t | 93.00 ± 1.41 (n=2) | vit-lite | 90.50 ± 0.71 (n=2) '
        '| +2.50 ± 1.58 | +1.33 |',
        '| SVHN | 100e x3 | lkca-t | 96.50 (n=1) | vit-lite | 97.00 (n=1) † | -0.50 | -0.38 |',
        '',
        '† measured with changes that no commit holds.',
    ]


def test_ablation_measures_from_the_published_form(results):
    two = FIVE | {'max_epochs': 2, 'total_iterations': 780}
    runs = load_runs(
        results(
            make_record(model='lkca-500k', seed=0, top1=40.0, schedule=two),
            make_record(model='lkca-500k', seed=1, top1=42.0, schedule=two),
            make_record(model='lkca-500k', top1=90.0),  # another schedule
            make_record(model='lkca-500k-beside', seed=0, top1=39.0, schedule=two),
            make_record(model='lkca-500k-beside', seed=1, top1=40.0, schedule=two),
            make_record(model='lkca-500k-conv-kernel', top1=44.0, schedule=two),
            make_record(model='lkca-500k-alternating', schedule=two, finished=False),
            make_record(model='lkca-500k-alternating', schedule=two, dataset='cifar100'),
        )
    )
    dataset, variant, config, params, top1, gain = zip(*ablation_table(runs).rows, strict=True)
    assert dataset == ('CIFAR-10',) * 3
    assert config == ('lkca-500k', 'lkca-500k-beside', 'lkca-500k-conv-kernel')
    assert variant[0].startswith('as published')
    assert params == ('1,027,611',) * 3
    assert top1 == ('41.00 ± 1.41 (n=2)', '39.50 ± 0.71 (n=2)', '44.00 (n=1)')
    assert gain == ('', '-1.50 ± 1.58', '+3.00')
    assert ablation_table([]).markdown() == 'Nothing measured yet.'


def test_candidates_are_compared_on_each_data_set(results):
    runs = load_runs(
        results(
            make_record(model='lkca-plus-kernels-4', top1=43.0),
            make_record(model='lkca-plus-published', top1=40.0),
            make_record(model='lkca-plus-published', top1=20.0, dataset='cifar100'),
            make_record(model='lkca-plus-channel-scale', top1=19.0, dataset='cifar100'),
            make_record(model='lkca-500k-beside', top1=99.0),
        )
    )
    rows = [(row[0], row[2], row[-1]) for row in candidates_table(runs).rows]
    assert rows == [
        ('CIFAR-10', 'lkca-plus-published', ''),
        ('CIFAR-10', 'lkca-plus-kernels-4', '+3.00'),
        ('CIFAR-100', 'lkca-plus-published', ''),
        ('CIFAR-100', 'lkca-plus-channel-scale', '-1.00'),
    ]
    assert candidates_table([]).markdown() == 'Nothing measured yet.'


def test_bars_in_cells_are_escaped():
    assert lines_of(Table('t', ['a'], [['x|y']]))[-1] == '| x\\|y |'


def test_measured_follows_its_records(tmp_path):
    folder = tmp_path / 'results'
    shutil.copytree(RESULTS, folder)
    path = folder / 'camvid' / 'vit-s.json'
    record = json.loads(path.read_text())
    record['scores']['mIoU'] = 12.345
    path.write_text(json.dumps(record))
    assert lines_of(measured_table(folder))[-1] == (
        '| CamVid test set, ViT-S UPerNet, same seed and iterations '
        '| aAcc 69.66, mIoU 12.35, mIoU@10 27.91 '
        '| [results/camvid/vit-s.json](results/camvid/vit-s.json) |'
    )
    path.write_text(json.dumps(record | {'iterations': 400}))
    assert (
        'CamVid test set, ViT-S UPerNet, 400 iterations of 4' in measured_table(folder).markdown()
    )
    path.write_text(json.dumps(record | {'scores': {}}))
    with pytest.raises(DataError, match=r'vit-s\.json.*measured'):
        measured_table(folder)
    path.unlink()
    (folder / 'op_cpu.json').unlink()
    assert len(lines_of(measured_table(folder))) == 6


def test_operator_shows_what_auto_loses(tmp_path):
    result = {
        'grid': 16, 'channels': 192, 'batch': 4, 'mode': 'forward',
        'milliseconds': {'auto': 6.0, 'toeplitz': 5.0, 'hybrid': 8.0, 'mhsa': 3.0, 'bound': 4.0},
        'times_faster_than': {'mhsa with SDPA': 0.5, 'the bound': 2 / 3},
    }  # fmt: skip
    path = tmp_path / 'op_sweep_cpu.json'
    assert operator_table(tmp_path).markdown() == 'Nothing measured yet.'
    path.write_text(json.dumps({'results': [result]}))
    assert lines_of(operator_table(tmp_path))[2] == (
        '| 16x16 | 192 | 4 | forward | 6.0 |  | 0.5 | 0.7 | toeplitz | 1.20 |'
    )
    path.write_text(json.dumps({'results': [{}]}))
    with pytest.raises(DataError, match='operator'):
        operator_table(tmp_path)


def test_speed_shows_each_measurement(tmp_path):
    models, loops, pipelines = speed_tables(tmp_path)
    assert models.markdown() == loops.markdown() == pipelines.markdown() == 'Nothing measured yet.'
    model = {
        'config': 'configs/some.py', 'image_size': [64, 96], 'batch_size': 4, 'precision': 'bf16',
        'mode': 'compile', 'train_images_per_second': 1.234, 'infer_images_per_second': 20.0,
        'train_peak_mib': 1500.4,
    }  # fmt: skip
    loop = {
        'config': 'configs/cifar10/some_100e.py', 'batch_size': 128, 'times_bare': 1.256,
        'microseconds': {'loop': 2512.0, 'bare': 2000.0}, 'data_share': 0.031,
    }  # fmt: skip
    pipeline = {
        'config': 'configs/svhn/some_100e.py', 'images_per_second': 1234.5,
        'microseconds': {'reading': 3.0, 'RandomCrop': 40.4},
    }  # fmt: skip
    for name, result in (('model_a', model), ('train_b', loop), ('data_c', pipeline)):
        (tmp_path / f'{name}.json').write_text(json.dumps({'results': [result]}))
    assert [lines_of(table)[2] for table in speed_tables(tmp_path)] == [
        '| some | 64x96 | 4 | bf16 | compile | 1.23 | 20.00 | 1,500 '
        '| [model_a](../results/model_a.json) |',
        '| some_100e | 128 | 2.0 | 1.26 | 3.1% | [train_b](../results/train_b.json) |',
        '| svhn/some_100e | 1,234 | RandomCrop, 40 us | [data_c](../results/data_c.json) |',
    ]
    (tmp_path / 'train_b.json').write_text(json.dumps({'results': [model]}))
    with pytest.raises(DataError, match=r'train_b\.json: lacks a figure of the table `loops`'):
        speed_tables(tmp_path)
