"""The paper's tables as data: complete, consistent, and what the paper prints."""

from pathlib import Path

import pytest
import yaml

from lkca_mm.paper.tables import load_models, load_table
from lkca_mm.record import read_record

ROOT = Path(__file__).parents[2]
CONFIGS = ROOT / 'configs'


def all_rows():
    return [(table, row) for table in map(load_table, range(1, 8)) for row in table.rows]


def row_of(number, model):
    return next(row for row in load_table(number).rows if row.model == model)


@pytest.mark.parametrize(
    ('number', 'datasets', 'rows', 'total'),
    [
        # The totals are those of the printed columns, so that no figure changes unseen.
        (1, ['cifar10'], 12, 1113.45),
        (2, ['cifar100'], 12, 876.28),
        (3, ['tiny-imagenet'], 12, 679.07),
        (4, ['cifar10', 'cifar100', 'svhn'], 10, 927.27 + 724.05 + 973.15),
        (5, ['tiny-imagenet'], 27, 1440.50),
        (6, ['ade20k'], 8, 417.72 + 250.40),
        (7, ['ade20k'], 16, 951.05 + 588.50),
    ],
)
def test_tables_are_complete(number, datasets, rows, total):
    table = load_table(number)
    assert (table.number, table.datasets, len(table.rows)) == (number, datasets, rows)
    assert table.task == ('classification' if number < 6 else 'segmentation')
    for row in table.rows:
        assert [*row.printed] == (datasets if number < 6 else ['aAcc', 'mIoU@10'])
    assert sum(sum(row.printed.values()) for row in table.rows) == pytest.approx(total, abs=1e-6)
    keys = {(row.model, row.head, row.iteration) for row in table.rows}
    assert len(keys) == rows


def test_a_model_reads_the_same_wherever_it_is_printed():
    """Tables 1 and 4 print LKCA-B under two names, Tables 3 and 5 too."""
    scores, counts = {}, {}
    for table, row in all_rows():
        assert counts.setdefault(row.config, (row.params, row.flops)) == (row.params, row.flops)
        for dataset, score in row.printed.items() if table.number < 6 else ():
            assert scores.setdefault((row.config, dataset), score) == score
    assert row_of(1, 'ViT-LKCA').config == row_of(4, 'LKCA-B').config == 'lkca-b'


def test_every_row_has_its_model_and_every_model_a_row_and_configs():
    models = load_models()
    assert {row.config for _, row in all_rows()} == set(models)
    assert len(models) == 47
    assert sum(model.match == 'exact' for model in models.values()) == 44
    for table, row in all_rows():
        assert row.model in models[row.config].names
        for dataset in table.datasets:
            name = row.config if table.number > 5 else f'{dataset}/{row.config}_100e'
            assert (CONFIGS / f'{name}.py').is_file()


def test_the_model_index_names_the_paper_models_and_the_shipped_checkpoints():
    models = {}
    for name in yaml.safe_load((ROOT / 'model-index.yml').read_text())['Import']:
        models |= {m['Config']: m for m in yaml.safe_load((ROOT / name).read_text())['Models']}
    for run in ('cifar10/lkca-t-light_60e', 'camvid/fpn_lkca-tiny_camvid_4k'):
        record = read_record(ROOT / f'results/{run}_seed0.json')
        scores = record['test']['scores'] if 'test' in record else record['final']
        shipped = models.pop(record['config'])
        assert (ROOT / shipped['Weights']).is_file()
        assert [*shipped['Results'][0]['Metrics'].values()] == [*scores.values()]
    known = load_models()
    for config, model in models.items():
        assert (ROOT / config).is_file()
        stem = Path(config).stem.removesuffix('_100e')
        assert model['Metadata']['Parameters'] == known[stem].built_params
    assert len(models) == 23
