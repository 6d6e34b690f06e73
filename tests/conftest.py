"""Settings of the whole test suite, and the tools as functions."""

import gc
import os
from functools import cache

import pytest
import torch
from checks import call_tool
from mmengine.config import Config
from mmengine.logging import MessageHub, MMLogger
from mmengine.registry import DefaultScope
from mmengine.runner import runner
from mmengine.visualization import Visualizer
from yapf.yapflib import yapf_api

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


def pytest_collection_finish():
    """Spares the search through all that was imported: mmengine collects garbage often."""
    gc.freeze()


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


@pytest.fixture(scope='session')
def _ask_once():
    """Spares what is the same each time: the layout of a config's text, compilers' versions."""
    form, environment, formatted = yapf_api.FormatCode, runner.collect_env, {}

    def form_once(text, **options):
        if text not in formatted:
            formatted[text] = form(text, **options)
        return formatted[text]

    yapf_api.FormatCode, runner.collect_env = form_once, cache(environment)
    yield
    yapf_api.FormatCode, runner.collect_env = form, environment


@pytest.fixture
def run_tool(capfd, _ask_once):
    """Returns a function that runs ``tools/<name>.py``: exit code, stdout, stderr."""
    # Here, so that tests of the operator load neither.
    from mmpretrain.visualization import UniversalVisualizer
    from mmseg.visualization import SegLocalVisualizer

    visualizers = (Visualizer, SegLocalVisualizer, UniversalVisualizer)

    def run(name, *argv):
        capfd.readouterr()
        try:
            code = call_tool(name, *argv)
        finally:
            # What a process would take with it: loggers on closed streams above all.
            for manager in (DefaultScope, MMLogger, MessageHub, *visualizers):
                manager._instance_dict.clear()
        printed = capfd.readouterr()
        return code, printed.out, printed.err

    return run


@pytest.fixture
def quick_text(monkeypatch):
    """Spares the layout of the config's text, which takes longer than a few iterations."""
    monkeypatch.setattr(Config, 'pretty_text', property(lambda config: config.filename))
