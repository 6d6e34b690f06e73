"""The training loop of a config beside the bare training step of its model."""

import contextlib
import statistics
import tempfile
import time
from typing import Any

from mmengine.config import Config
from mmengine.hooks import Hook
from mmengine.runner import Runner

from lkca_mm.benchmark.model import training_step
from lkca_mm.benchmark.timing import wait_for


class _Enough(Exception):
    """Ends training within an epoch, where mmengine's ``stop_training`` is not looked at."""


class _BenchmarkHook(Hook):
    """Times blocks of iterations, their waits by IterTimerHook, and as many bare steps each."""

    priority = 'LOWEST'  # after every other hook, so that their time counts

    def __init__(self, block: int, rounds: int, device: str) -> None:
        self.block, self.rounds, self.device = block, rounds, device
        self.times: dict[str, list[float]] = {'loop': [], 'bare': [], 'data': []}
        self.batch: dict[str, Any] = {}

    def before_train(self, runner: Runner) -> None:
        keep = self.batch.update
        runner.model.data_preprocessor.register_forward_hook(lambda m, x, batch: keep(batch))
        self.waited, self.begin = [], self.now()

    def now(self) -> float:
        wait_for(self.device)
        return time.perf_counter()

    def after_train_iter(self, runner: Runner, *args: Any, **kwargs: Any) -> None:
        self.waited.append(float(runner.message_hub.get_scalar('train/data_time').current()))
        if len(self.waited) < self.block:
            return
        begin = self.now()
        self.times['loop'].append((begin - self.begin) / self.block)
        # Only once the block has used up what the workers fetched during the bare steps.
        self.times['data'].append(statistics.mean(self.waited[self.block // 2 :]))
        for _ in range(self.block):
            training_step(runner.model, runner.optim_wrapper, self.batch)
        self.waited, self.begin = [], self.now()
        self.times['bare'].append((self.begin - begin) / self.block)
        if len(self.times['bare']) > self.rounds:
            raise _Enough


def benchmark_train(config: Config, block: int, rounds: int, device: str) -> dict[str, Any]:
    """Times the loop of a Runner, with its data and hooks, and the bare step, in turn.

    Args:
        config: A config that can be trained, its data included.
        block: Iterations in a block, at least 2.
        rounds: Counted blocks of each kind, after one that is not counted.
        device: ``'cpu'`` or ``'cuda'``, where mmengine trains.

    Returns:
        Medians: ``microseconds`` an iteration of ``loop``, ``bare`` and waiting for ``data``;
        ``times_bare`` (loop / bare) and ``data_share`` (data / loop).
    """
    config = Config({**config.to_dict(), 'log_level': 'WARNING'})
    for part in ('cfg', 'dataloader', 'evaluator'):
        config[f'val_{part}'] = config[f'test_{part}'] = None
    config.default_hooks.checkpoint = None
    for key in {'max_epochs', 'max_iters'} & set(config.train_cfg):
        config.train_cfg[key] = 10**6  # the hook ends it
    hook = _BenchmarkHook(block, rounds, device)
    with tempfile.TemporaryDirectory() as config.work_dir, contextlib.suppress(_Enough):
        runner = Runner.from_cfg(config)
        runner.register_hook(hook)
        runner.train()
    micro = {name: 1e6 * statistics.median(times[1:]) for name, times in hook.times.items()}
    return {
        'batch_size': len(hook.batch['inputs']),
        'block': block,
        'microseconds': micro,
        'times_bare': micro['loop'] / micro['bare'],
        'data_share': micro['data'] / micro['loop'],
    }
