"""A folder of results."""

import json

import pytest


@pytest.fixture
def results(tmp_path):
    """Returns a function that writes records into a folder of results; it returns the folder."""
    folder = tmp_path / 'results'
    folder.mkdir()

    def write(*records, name='run'):
        for record in records:
            number = len(list(folder.glob('*.json')))
            (folder / f'{name}{number}.json').write_text(json.dumps(record))
        return folder

    return write
