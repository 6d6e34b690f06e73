"""The operator's speed, from what ``tools/benchmark.py op --sweep`` wrote."""

from pathlib import Path
from typing import Any

from lkca_mm.errors import DataError
from lkca_mm.report.runs import read_json
from lkca_mm.report.table import Table

_FILE = 'op_sweep_cpu.json'
_RIVALS = ('depthwise conv2d', 'mhsa with SDPA', 'the bound')
_NO_BACKENDS = ('auto', 'mhsa', 'bound')


def _cells(result: dict[str, Any]) -> list[str]:
    times, faster = result['milliseconds'], result['times_faster_than']
    backends = {name: ms for name, ms in times.items() if name not in _NO_BACKENDS}
    best = min(backends, key=backends.__getitem__)
    return [
        f'{result["grid"]}x{result["grid"]}',
        str(result['channels']),
        str(result['batch']),
        result['mode'],
        f'{times["auto"]:.1f}',
        *(f'{faster[name]:.1f}' if name in faster else '' for name in _RIVALS),
        best,
        f'{times["auto"] / backends[best]:.2f}',
    ]


def operator_table(results: str | Path) -> Table:
    """Returns a row a point of the sweep; an empty cell was too slow to measure.

    Args:
        results: The folder of the records.

    Raises:
        DataError: If the record cannot be read or lacks a figure.
    """
    table = Table(
        'operator',
        [
            'grid',
            'C',
            'B',
            'mode',
            'auto, ms',
            'over conv2d',
            'over MHSA',
            'over the bound',
            'best backend',
            'auto / best',
        ],
        left=1,
    )
    path = Path(results) / _FILE
    if not path.exists():
        return table
    record = read_json(path)
    try:
        table.rows += [_cells(result) for result in record['results']]
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(f'{path}: lacks a figure of the table `operator` ({error})') from error
    return table
