"""Settings of the whole test suite."""

import os
import tempfile

import pytest
import torch
from mmengine.logging import MessageHub
from mmengine.registry import DefaultScope

# Before anything imports lkca_mm: what was measured on this machine must not choose
# backends in the tests.
os.environ['XDG_CACHE_HOME'] = tempfile.mkdtemp(prefix='lkca_mm_tests_')
# Workers of pytest-xdist share the cores, and so do the processes that they start.
_WORKERS = int(os.environ.get('PYTEST_XDIST_WORKER_COUNT', 1))
if _WORKERS > 1:
    _THREADS = max(1, (os.cpu_count() or 1) // _WORKERS)
    os.environ.setdefault('OMP_NUM_THREADS', str(_THREADS))
    torch.set_num_threads(int(os.environ['OMP_NUM_THREADS']))


def pytest_collection_modifyitems(items):
    """Skips the tests marked ``gpu`` where there is no CUDA device."""
    if torch.cuda.is_available():
        return
    skip = pytest.mark.skip(reason='needs a CUDA device')
    for item in items:
        if 'gpu' in item.keywords:
            item.add_marker(skip)


@pytest.fixture(autouse=True, scope='module')
def _global_state_as_found_by_the_module():
    """Takes back what the fixtures of a module leave behind."""
    yield from _take_back()


@pytest.fixture(autouse=True)
def _global_state_as_found():
    """Takes back what a test leaves behind."""
    yield from _take_back()


def _take_back():
    """Restores what runs leave behind under a global name.

    The default scope, and the histories of runs: two that begin in the same second
    have the same name, and the second one would go on with the history of the first.
    """
    managers = (DefaultScope, MessageHub)
    found = [dict(manager._instance_dict) for manager in managers]
    yield
    for manager, instances in zip(managers, found, strict=True):
        manager._instance_dict.clear()
        manager._instance_dict.update(instances)
