"""Which experiments stand behind which tables."""

import json
from importlib.resources import files

import pytest
from made_up_runs import CONFIGS

from lkca_mm.errors import ConfigError
from lkca_mm.reproduce.selection import experiments_of, select_tables, table_numbers

PRINTED = json.loads(files('lkca_mm.paper').joinpath('tables.json').read_text())['tables']


def expected(number):
    """Data sets and stems of a table, read from the file by other code than the package's."""
    table = PRINTED[number - 1]
    return {(dataset, row['config']) for dataset in table['datasets'] for row in table['rows']}


@pytest.mark.parametrize('number', range(1, 8))
def test_every_row_of_a_table_is_one_experiment_a_data_set(number):
    found = experiments_of(select_tables([number]), CONFIGS)
    assert {(e.dataset, e.stem) for e in found} == expected(number)
    assert len(found) == len(expected(number))
    for experiment in found:
        if number < 6:
            path = CONFIGS / experiment.dataset / f'{experiment.stem}_100e.py'
            assert experiment.name == f'{experiment.dataset}/{experiment.stem}'
        else:
            path = CONFIGS / f'{experiment.stem}.py'
            assert experiment.name == 'ade20k/' + experiment.stem.removesuffix('_ade20k_20k')
        assert experiment.config == path


def test_a_model_of_several_tables_is_run_once():
    found = experiments_of(select_tables(range(1, 8)), CONFIGS)
    pairs = [(e.dataset, e.stem) for e in found]
    assert len(pairs) == len(set(pairs)) == 91
    assert set(pairs) == set().union(*map(expected, range(1, 8)))


def test_rows_are_named_as_printed_or_as_configured_in_any_case():
    def stems(*rows, tables=(4, 7)):
        return {e.stem for e in experiments_of(select_tables(tables, rows), CONFIGS)}

    assert stems('lkca-t') == stems('LKCA-T') == {'lkca-t'}
    assert stems('ViT-Small', 'cait-s') == {'vit-small', 'cait-s'}
    assert stems('ViT/0.5M-LKCA', tables=[1]) == {'lkca-500k'}
    # A printed name of Table 7 stands under two heads, the name of a config for one.
    both = {'upernet_lkca-s_ade20k_20k', 'fpn_lkca-s_ade20k_20k'}
    assert stems('lkca-s') == both
    assert stems('fpn_lkca-s_ade20k_20k') == stems('FPN_LKCA-S') == {'fpn_lkca-s_ade20k_20k'}


def test_data_sets_are_filtered():
    (table,) = select_tables([4], datasets=['SVHN', 'cifar10'])
    assert table.datasets == ('cifar10', 'svhn')
    assert [t.number for t in select_tables(range(1, 8), datasets=['ade20k'])] == [6, 7]


def test_tables_are_numbers_or_all():
    assert table_numbers(['all']) == [1, 2, 3, 4, 5, 6, 7]
    assert table_numbers(['4', '1', '4']) == [1, 4]
    for word in ('8', '0', 'x', '-1', '1.5'):
        with pytest.raises(ConfigError, match='Tables 1 to 7'):
            table_numbers([word])


def test_what_is_unknown_is_named_with_what_is_known():
    with pytest.raises(ConfigError, match=r'^--rows nope: .*ViT-LKCA \(lkca-b\)') as caught:
        select_tables([1], ['lkca-b', 'nope'])
    assert '\n' not in str(caught.value)
    with pytest.raises(ConfigError, match=r'^--datasets svhn: .*there are cifar10$'):
        select_tables([1], datasets=['svhn'])
    with pytest.raises(ConfigError, match='leave one of the two out'):
        select_tables([1, 6], ['lkca-500k'], ['ade20k'])
