"""Every failure of a tool becomes one line."""

import argparse

from lkca_mm.command import describe, run_command

import pytest
from torch.utils.data import DataLoader, Dataset

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
    ],
)
def test_describe(error, line):
    assert describe(error) == line


@pytest.mark.parametrize('error', [DataError('a.png: cannot be read'), ValueError('wrong')])
def test_errors_of_data_workers_lose_their_traceback(error):
    with pytest.raises(type(error)) as caught:
        next(iter(DataLoader(Faulty(error), num_workers=1)))
    assert 'Traceback' in str(caught.value)
    assert describe(caught.value) == describe(error)


@pytest.mark.parametrize('debug', [False, True])
def test_run_command(capsys, debug):
    def main(args):
        raise DataError(f'{args.file}: is missing')

    def parser():
        made = argparse.ArgumentParser()
        made.add_argument('file')
        return made

    assert run_command(parser(), main, ['x.png'] + ['--debug'] * debug) == 1
    lines = capsys.readouterr().err.splitlines()
    assert lines[-1] == 'error: x.png: is missing'
    assert (len(lines) > 1) == debug
    assert run_command(parser(), lambda args: None, ['x.png']) == 0
    assert run_command(parser(), lambda args: 3, ['x.png']) == 3

    def interrupted(args):
        raise KeyboardInterrupt

    assert run_command(parser(), interrupted, ['x.png']) == 130
