"""Settings of the whole test suite."""

import os
import tempfile

import pytest
import torch

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
