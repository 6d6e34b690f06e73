"""What several rooms ask of a tool, of a run and of its checkpoints."""

import gc
import importlib.util
import multiprocessing
import os
import sys
from pathlib import Path

import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope

from lkca_mm.command import run_tool

ROOT = Path(__file__).parents[1]
CLASSIFIER = ROOT / 'configs' / 'cifar10' / 'lkca-t-light_60e.py'
(WEIGHTS,) = (ROOT / 'checkpoints').glob('lkca-t-light_cifar10-*.pth')


def read_config(path):
    """Reads a config of configs/ and turns to its scope, as a runner does."""
    config = Config.fromfile(ROOT / 'configs' / path)
    init_default_scope(config.default_scope)
    return config


def call_tool(name, *argv):
    """Runs ``tools/<name>.py`` in this process; returns its exit code."""
    path = ROOT / 'tools' / f'{name}.py'
    spec = importlib.util.spec_from_file_location(f'{name}_tool', path)
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    try:
        return run_tool(tool.main, tool.build_parser().parse_args([str(word) for word in argv]))
    except SystemExit as end:  # argparse's way out
        return end.code


# A server that has imported everything and computed nothing: a process forked from it starts
# at once, and has none of the threads of the process that asks for it.
_CONTEXT = multiprocessing.get_context('forkserver')
_CONTEXT.set_forkserver_preload(
    ['checks', 'matplotlib.pyplot', 'matplotlib.backends.backend_agg', 'mmpretrain.models',
     'mmpretrain.datasets', 'mmpretrain.visualization', 'mmseg.models', 'mmseg.visualization']
)  # fmt: skip


def _run_process(name, argv, log, environment):
    gc.freeze()  # mmengine collects garbage for each data set
    os.setsid()
    handle = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(handle, 1)
    os.dup2(handle, 2)
    os.environ.update(environment)
    sys.argv = [f'tools/{name}.py', *argv]
    torch.set_num_threads(1)
    Config.pretty_text = property(lambda config: config.filename)
    sys.exit(call_tool(name, *argv))


def start_tool(name, *argv, log, **environment):
    """Starts ``tools/<name>.py`` in a process group of its own.

    Returns the process. What it prints is appended to the file ``log``.
    """
    arguments = (name, [str(word) for word in argv], str(log), environment)
    process = _CONTEXT.Process(target=_run_process, args=arguments)
    process.start()
    return process


def finish(process, log, code=0):
    """Waits until a process ends with an exit code; returns what was printed."""
    process.join(240)
    assert process.exitcode == code, log.read_text()[-3000:]
    return log.read_text()


def error_line(code, err, *words):
    """Returns the one line of a tool that failed; it holds the words, without a traceback."""
    assert code == 1
    assert 'Traceback' not in err
    (line,) = [line for line in err.splitlines() if line.startswith('error: ')]
    assert all(word in line for word in words), line
    return line


def state(path):
    """Returns the content of a checkpoint of our own."""
    return torch.load(path, map_location='cpu', weights_only=False)


def trained_state(path):
    """Returns what training has made of a run: all of a checkpoint but times and names."""
    checkpoint = state(path)
    scalars = checkpoint['message_hub']['log_scalars']
    return {
        **{key: checkpoint[key] for key in ('state_dict', 'optimizer', 'param_schedulers')},
        'ema_state_dict': checkpoint.get('ema_state_dict', {}),
        'losses': scalars['train/loss'].data[0].tolist(),
        'rates': scalars['train/lr'].data[0].tolist(),
        'at': [checkpoint['meta'][key] for key in ('epoch', 'iter')],
    }


def leaves(value, name=''):
    """Returns types and values in nested dicts and lists by their names, tensors as bytes."""
    if isinstance(value, (dict, list, tuple)):
        items = value.items() if isinstance(value, dict) else enumerate(value)
        within = {k: v for key, item in items for k, v in leaves(item, f'{name}.{key}').items()}
        return {name: (type(value), len(value)), **within}
    if isinstance(value, torch.Tensor):
        value = value.dtype, value.shape, value.numpy().tobytes()
    return {name: (type(value), value)}


def differences(one, other):
    """Returns the names of all values that differ between two checkpoints, bit for bit."""
    one, other = leaves(one), leaves(other)
    return sorted(name for name in {*one, *other} if one.get(name, ...) != other.get(name, ...))
