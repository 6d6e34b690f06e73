"""Runs a call of a tool in a process of its own, with limits on time and memory.

The process is forked from a server that has imported everything and computed nothing, so
that it starts in a blink and whatever the call does to its process is gone with it.
"""

import contextlib
import gc
import importlib.util
import multiprocessing
import os
import resource
import signal
import sys
import time
from multiprocessing.connection import wait
from pathlib import Path

ROOT = Path(__file__).parents[3]
LOG = 'printed.txt'
SECONDS = 60.0
# A machine with 8 GB says no to more than this; without a limit a case that asks for a
# terabyte would take others down with it.
MEMORY = 6 << 30

_CONTEXT = multiprocessing.get_context('forkserver')
_CONTEXT.set_forkserver_preload(
    ['lkca_mm.engine', 'lkca_mm.inference', 'lkca_mm.visualization', 'lkca_mm.datasets.prepare',
     'mmpretrain.models', 'mmpretrain.datasets', 'mmpretrain.evaluation', 'mmseg.models',
     'mmseg.datasets', 'mmseg.evaluation', 'mmseg.engine', 'mmseg.visualization', 'yapf',
     'matplotlib.backends.backend_agg', 'mpl_toolkits.mplot3d', 'pkg_resources', 'rich.progress']
)  # fmt: skip


def _save_time():
    """Spares a case what takes a second, is the same each time, and is nothing it is about."""
    import mmengine.runner.runner as runners
    from yapf.yapflib import yapf_api

    gc.freeze()  # what was imported need not be looked through for garbage
    formatted, form = {}, yapf_api.FormatCode

    def form_once(text, **options):  # a config is written down five times
        if text not in formatted:
            formatted[text] = form(text, **options)
        return formatted[text]

    yapf_api.FormatCode = form_once
    runners.collect_env = dict  # asks compilers for their versions


def _run(tool, argv, folder):
    from lkca_mm.command import run_command

    import torch

    os.setsid()
    os.chdir(folder)
    log = os.open(LOG, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(log, 1)
    os.dup2(log, 2)
    torch.set_num_threads(1)
    for name in ('http_proxy', 'https_proxy'):
        os.environ[name] = 'http://127.0.0.1:9'  # whatever is asked for, nothing is downloaded
    _save_time()
    used = int(Path('/proc/self/statm').read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + MEMORY, used + MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    path = ROOT / 'tools' / f'{tool}.py'
    sys.argv = [str(path), *argv]
    spec = importlib.util.spec_from_file_location(f'{tool}_tool', path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    try:
        code = run_command(module.build_parser(), module.main, list(argv))
    finally:
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(ValueError):
                stream.flush()
    sys.exit(code)


class _Running:
    """A case that is being run."""

    def __init__(self, case):
        self.case, self.seconds = case, 0.0
        arguments = (case.tool, case.argv, str(case.folder))
        self.process = _CONTEXT.Process(target=_run, args=arguments)
        self.process.start()

    def end(self):
        """Ends it, with the data workers that it may have; returns the exit code."""
        in_time = not self.process.is_alive()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.join()
        return self.process.exitcode if in_time else None


def run_cases(cases, jobs, limit=SECONDS):
    """Runs cases, several at a time.

    Args:
        cases: The cases; each is asked for when there is room for it.
        jobs: How many run at a time.
        limit: Seconds after which a case is killed.

    Yields:
        The case, its exit code (None if it was killed), and the seconds it took.
    """
    cases, running, more, last = iter(cases), [], True, time.monotonic()
    while more or running:
        while more and len(running) < jobs:
            case = next(cases, None)
            more = case is not None
            if more:
                running.append(_Running(case))
        wait([one.process.sentinel for one in running], timeout=0.5)
        # A longer pause is one of this process too, which may have been stopped with the case.
        last, passed = time.monotonic(), min(time.monotonic() - last, 5.0)
        for one in running:
            one.seconds += passed
        ended = [one for one in running if not one.process.is_alive() or one.seconds > limit]
        running = [one for one in running if one not in ended]
        for one in ended:
            yield one.case, one.end(), one.seconds
