"""Settings of the whole test suite."""

import pytest
import torch


def pytest_collection_modifyitems(items):
    """Skips the tests marked ``gpu`` where there is no CUDA device."""
    if torch.cuda.is_available():
        return
    skip = pytest.mark.skip(reason='needs a CUDA device')
    for item in items:
        if 'gpu' in item.keywords:
            item.add_marker(skip)
