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


def pytest_collection_modifyitems(items):
    """Skips the tests marked ``gpu`` where there is no CUDA device."""
    if torch.cuda.is_available():
        return
    skip = pytest.mark.skip(reason='needs a CUDA device')
    for item in items:
        if 'gpu' in item.keywords:
            item.add_marker(skip)


@pytest.fixture(autouse=True)
def _global_state_as_found():
    """Takes back what runs leave behind under a global name.

    The default scope, and the histories of runs: two that begin in the same second
    have the same name, and the second one would go on with the history of the first.
    """
    managers = (DefaultScope, MessageHub)
    found = [dict(manager._instance_dict) for manager in managers]
    yield
    for manager, instances in zip(managers, found, strict=True):
        manager._instance_dict.clear()
        manager._instance_dict.update(instances)
