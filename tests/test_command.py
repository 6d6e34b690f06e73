"""Every failure of a tool becomes one line."""

import argparse

import pytest
from torch.utils.data import DataLoader, Dataset

from lkca_mm.command import describe, run_tool
from lkca_mm.errors import DataError


class Faulty(Dataset):
    """A data set whose first item fails as told."""

    def __init__(self, error):
        self.error = error

    def __len__(self):
        return 1

    def __getitem__(self, index):
        raise self.error


@pytest.mark.parametrize(
    ('error', 'line'),
    [
        (DataError('a.png: cannot be read'), 'a.png: cannot be read'),
        (ValueError('wrong\n  value'), 'ValueError: wrong value'),
        (KeyError(), 'KeyError'),
        (ValueError('a' * 5000), f'ValueError: {"a" * 200} … {"a" * 200}'),
    ],
    ids=['ours', 'two lines', 'no words', 'too many words'],
)
def test_errors_are_described_in_one_line(error, line):
    assert describe(error) == line


@pytest.mark.parametrize('error', [DataError('a.png: cannot be read'), ValueError('wrong')])
def test_errors_of_data_workers_lose_their_traceback(error):
    items = iter(DataLoader(Faulty(error), num_workers=1))
    with pytest.raises(type(error)) as caught:
        next(items)
    assert list(items) == []  # asked to the end, so that the worker ends at once
    assert 'Traceback' in str(caught.value)
    assert describe(caught.value) == describe(error)


@pytest.mark.parametrize('debug', [False, True])
@pytest.mark.parametrize(
    ('result', 'code', 'line'),
    [
        (None, 0, None),
        (3, 3, None),
        (DataError('x.png: is missing'), 1, 'error: x.png: is missing'),
        (KeyboardInterrupt(), 130, 'interrupted'),
    ],
    ids=str,
)
def test_exit_code_and_last_line(capsys, result, code, line, debug):
    def main(args):
        if isinstance(result, BaseException):
            raise result
        return result

    assert run_tool(main, argparse.Namespace(debug=debug)) == code
    lines = capsys.readouterr().err.splitlines()
    assert lines[-1:] == ([line] if line else [])
    assert (len(lines) > 1) == (debug and code == 1)
