"""The training loop of a config beside the bare training step of its model."""

import contextlib
import statistics
import tempfile
import time
from collections.abc import Callable
from typing import Any

import torch
from mmengine.config import Config
from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper
from mmengine.runner import Runner

from lkca_mm.benchmark.step import TrainingStep

PARTS = ('data', 'preprocess', 'forward', 'backward', 'optimizer', 'hooks', 'rest')


class _Enough(Exception):
    """Ends training from within a hook."""


def _wait() -> None:
    if torch.cuda.is_available():
        torch.cuda.synchronize()


class _Stopwatch:
    """Notes the time that calls of wrapped methods take; the outermost one counts."""

    def __init__(self) -> None:
        self.running = False
        self.spent = dict.fromkeys(PARTS, 0.0)
        self._inside = False

    def wrap(self, thing: Any, method: str, part: str) -> None:
        """Replaces a method of one object by one that is timed while the watch runs."""
        call: Callable[..., Any] = getattr(thing, method)

        def timed(*args: Any, **kwargs: Any) -> Any:
            if not self.running or self._inside:
                return call(*args, **kwargs)
            self._inside = True
            _wait()
            begin = time.perf_counter()
            try:
                return call(*args, **kwargs)
            finally:
                _wait()
                self.spent[part] += time.perf_counter() - begin
                self._inside = False

        # mmengine's schedulers mark the optimizer's step that they count by.
        vars(timed).update(getattr(call, '__dict__', {}))
        setattr(thing, method, timed)


class _ArrivalHook(Hook):
    """Tells when a batch has arrived, before any other hook has its turn."""

    priority = 'HIGHEST'

    def __init__(self) -> None:
        self.at = 0.0

    def before_train_iter(self, runner: Runner, *args: Any, **kwargs: Any) -> None:
        """Notes the time."""
        self.at = time.perf_counter()


class _BenchmarkHook(Hook):
    """Alternates blocks of the loop, of the loop under the stopwatch, and of the bare step."""

    # After every other hook: what it does itself is outside the times.
    priority = 'LOWEST'

    def __init__(self, block: int, rounds: int) -> None:
        self.block = block
        self.rounds = rounds
        self.arrival = _ArrivalHook()
        self.loop: list[float] = []
        self.bare: list[float] = []
        self.data: list[float] = []
        self.parts: list[dict[str, float]] = []
        self.batch: dict[str, Any] = {}
        self._watch = _Stopwatch()
        self._count = 0
        self._begin = self._iteration_ended = self._step_ended = 0.0
        self._waited: list[float] = []

    def before_train(self, runner: Runner) -> None:
        """Puts the stopwatch in place and keeps the batch that the model is given."""
        model = runner.model.module if is_model_wrapper(runner.model) else runner.model
        preprocess, train_step = model.data_preprocessor.forward, runner.model.train_step

        def keep_batch(*args: Any, **kwargs: Any) -> dict[str, Any]:
            self.batch = preprocess(*args, **kwargs)
            return self.batch

        def note_end(*args: Any, **kwargs: Any) -> dict[str, Any]:
            outputs = train_step(*args, **kwargs)
            self._step_ended = time.perf_counter()
            return outputs

        model.data_preprocessor.forward = keep_batch
        runner.model.train_step = note_end
        self._watch.wrap(model.data_preprocessor, 'forward', 'preprocess')
        self._watch.wrap(model, '_run_forward', 'forward')
        self._watch.wrap(runner.optim_wrapper, 'backward', 'backward')
        self._watch.wrap(runner.optim_wrapper, 'step', 'optimizer')
        self._watch.wrap(runner.optim_wrapper, 'zero_grad', 'optimizer')
        self._start_block()

    def before_train_iter(self, runner: Runner, *args: Any, **kwargs: Any) -> None:
        """Notes how long the loop waited for the batch, and the other hooks' time."""
        # Only once this block has used up what the workers fetched during the bare steps.
        if self._count >= self.block // 2:
            self._waited.append(self.arrival.at - self._iteration_ended)
        self._watch.spent['hooks'] += time.perf_counter() - self.arrival.at

    def after_train_iter(self, runner: Runner, *args: Any, **kwargs: Any) -> None:
        """Ends a block when it is full, and training after the last one."""
        self._count += 1
        self._watch.spent['hooks'] += time.perf_counter() - self._step_ended
        if self._count < self.block:
            self._iteration_ended = time.perf_counter()
            return
        _wait()
        each = (time.perf_counter() - self._begin) / self.block
        if self._watch.running:
            self._watch.running = False
            self._end_watched(each)
            if len(self.parts) > self.rounds:
                raise _Enough
        else:
            self.loop.append(each)
            self.data.append(statistics.mean(self._waited))
            self._time_bare(runner)
            self._watch.running = True
        self._start_block()

    def _start_block(self) -> None:
        self._count = 0
        self._waited = []
        self._watch.spent = dict.fromkeys(PARTS, 0.0)
        _wait()
        self._begin = self._iteration_ended = time.perf_counter()

    def _end_watched(self, each: float) -> None:
        parts = {name: seconds / self.block for name, seconds in self._watch.spent.items()}
        parts['data'] = statistics.mean(self._waited)
        parts['rest'] = max(0.0, each - sum(parts.values()))
        self.parts.append(parts)

    def _time_bare(self, runner: Runner) -> None:
        step = TrainingStep(runner.model, runner.optim_wrapper, self.batch)
        _wait()
        begin = time.perf_counter()
        for _ in range(self.block):
            step()
        _wait()
        self.bare.append((time.perf_counter() - begin) / self.block)


def _for_timing(config: Config, work_dir: str) -> Config:
    """Returns the config without validation and checkpoints, and with hooks as they are."""
    config = config.copy()
    config.work_dir = work_dir
    config.log_level = 'WARNING'
    if config.get('visualizer'):
        # It outlives the runner by its name, and must not meet one in another folder.
        config.visualizer.name = work_dir
    for stage in ('val', 'test'):
        for key in ('cfg', 'dataloader', 'evaluator'):
            config.pop(f'{stage}_{key}', None)
    config.default_hooks.checkpoint = None
    # However small the data set is: the benchmark ends training when it has enough.
    for key in ('max_epochs', 'max_iters'):
        if key in config.train_cfg:
            config.train_cfg[key] = 10**6
    config.train_cfg.pop('val_interval', None)
    config.train_cfg.pop('val_begin', None)
    return config


def benchmark_train(config: Config, block: int, rounds: int) -> dict[str, Any]:
    """Times the loop of mmengine's Runner, with its data and hooks, and the bare step.

    Blocks of the loop and of the bare step take turns, so that drift meets both
    alike; both are on the same model, optimizer and size of batch. The parts come
    from further blocks in which the device is waited for between them, so on a GPU
    their sum is more than the loop's time.

    Args:
        config: A config that can be trained, its data included.
        block: Iterations in a block, at least 2.
        rounds: Counted blocks of each kind, after one that is not counted.

    Returns:
        Medians: ``microseconds`` an iteration of ``loop`` and ``bare``,
        ``times_bare`` (loop / bare), ``data_share`` (waiting for data / loop), and
        ``parts`` (microseconds an iteration of each of ``PARTS``).
    """
    hook = _BenchmarkHook(block, rounds)
    with tempfile.TemporaryDirectory() as work_dir:
        runner = Runner.from_cfg(_for_timing(config, work_dir))
        runner.register_hook(hook.arrival)
        runner.register_hook(hook)
        with contextlib.suppress(_Enough):
            runner.train()
    micro = {
        name: 1e6 * statistics.median(times[1:])
        for name, times in (('loop', hook.loop), ('bare', hook.bare), ('data', hook.data))
    }
    parts = {name: 1e6 * statistics.median(each[name] for each in hook.parts[1:]) for name in PARTS}
    return {
        'batch_size': len(hook.batch['inputs']),
        'block': block,
        'microseconds': {'loop': micro['loop'], 'bare': micro['bare']},
        'times_bare': micro['loop'] / micro['bare'],
        'data_share': micro['data'] / micro['loop'],
        'parts': parts,
    }
