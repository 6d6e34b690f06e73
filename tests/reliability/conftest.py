"""Runs that tests only read from; nothing here is imported by the scripts."""

import pytest
from runs import start, write_segmentation


@pytest.fixture(scope='session')
def trained(tmp_path_factory):
    """A config, its work dir with the checkpoints of iterations 2 and 4, and what was printed."""
    folder = tmp_path_factory.mktemp('trained')
    config = write_segmentation(folder, iterations=4, interval=2)
    run = start('train', config, '--work-dir', folder / 'work', log=folder / 'log')
    assert run.wait() == 0, run.output[-3000:]
    return config, folder / 'work', run.output
