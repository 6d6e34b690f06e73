"""Records of training runs, and the tables of the README and docs drawn from them."""

from pathlib import Path

from lkca_mm.report.ablation import ablation_table, candidates_table
from lkca_mm.report.classification import classification_table, comparison_table
from lkca_mm.report.measured import measured_table
from lkca_mm.report.operator import operator_table
from lkca_mm.report.paper_tables import paper_table
from lkca_mm.report.runs import load_runs
from lkca_mm.report.speed import speed_tables
from lkca_mm.report.table import Table

NAMES = (
    'measured',
    'table1',
    'table2',
    'table3',
    'table4',
    'table5',
    'classification',
    'comparison',
    'ablation',
    'candidates',
    'operator',
    'models',
    'loops',
    'pipelines',
)


def build_tables(results: str | Path) -> dict[str, Table]:
    """Returns every table, keyed by its name, from the records below ``results``."""
    runs = load_runs(results)
    tables = [
        measured_table(results),
        *(paper_table(number, runs) for number in range(1, 6)),
        classification_table(runs),
        comparison_table(runs),
        ablation_table(runs),
        candidates_table(runs),
        operator_table(results),
        *speed_tables(results),
    ]
    return {table.name: table for table in tables}


__all__ = ['NAMES', 'Table', 'build_tables']
