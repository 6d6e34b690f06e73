"""A JSON record that grows with the run, and is whole after a resume."""

import json
import time
from pathlib import Path
from typing import Any

from mmengine.dist import is_main_process
from mmengine.hooks import Hook
from mmengine.registry import HOOKS

from lkca_mm.errors import ConfigError
from lkca_mm.record import write_record
from lkca_mm.report.curve import best_of, is_score, scores_of
from lkca_mm.report.facts import (
    by_iteration,
    learnable_parameters,
    names_of,
    plain,
    run_environment,
    schedule_of,
)

# Under this key the message hub, and so every checkpoint, holds the run so far.
_KEY = 'result_record'


def check_record_path(path: str | Path, config: str, resumed: bool) -> None:
    """Looks, before a run begins, at the file that its record would replace.

    Args:
        path: The record's file.
        config: The config's path.
        resumed: Whether the run goes on from a checkpoint.

    Raises:
        ConfigError: If the file holds something else, or a finished run that
            a new one would replace.
    """
    path = Path(path)
    if not path.exists():
        return
    try:
        record = json.loads(path.read_text(encoding='utf-8'))
    except (OSError, ValueError):
        record = None
    if not isinstance(record, dict) or 'curve' not in record:
        raise ConfigError(
            f'--record {path}: exists and is no record of a training run; name another'
        )
    same = names_of(record.get('config', '')) == names_of(config)
    if record.get('finished') and not (resumed and same):
        raise ConfigError(
            f'--record {path}: holds a finished run, which a new one would replace; '
            'name another file or move this one away'
        )


@HOOKS.register_module()
class ResultRecordHook(Hook):
    """Writes what a training run is and measures, after each validation and at its end.

    mmengine saves an epoch's checkpoint before it validates that epoch, and does
    not validate again on resuming. The curve of a resumed run would lack that
    entry, so the validation is made up for before training goes on.

    Args:
        path: The JSON file.
        config: The config's path as the user gave it; it names data set and model.
        command: The command that started the run.
        settings: The options by which the run differs from its config.
    """

    # Before the hooks that save checkpoints, which shall hold this iteration too,
    # and after the one that notes the loss.
    priority = 'LOW'

    def __init__(
        self,
        path: str,
        config: str,
        command: str = '',
        settings: dict[str, Any] | None = None,
    ) -> None:
        self.path = Path(path)
        self.config = str(config)
        self.command = command
        self.settings = dict(settings or {})
        self._facts: dict[str, Any] = {}
        self._state: dict[str, Any] | None = None
        self._clock = 0.0
        self._resumed_at = 0

    def before_train(self, runner: Any) -> None:
        """Takes up what a resumed checkpoint holds, and shows that the file can be written."""
        earlier = runner.message_hub.get_info(_KEY)
        fresh = {
            'curve': [],
            'seconds': {'training': 0.0, 'validation': 0.0},
            # A run that was not recorded so far has losses before this iteration too.
            'recorded_from': runner.iter if earlier is None else 0,
            'settings': {},
            'sessions': [],
        }
        # The hub keeps this very object, so changing it is enough from here on.
        self._state = fresh | (earlier or {})
        runner.message_hub.update_info(_KEY, self._state)
        # Options of any session count: who resumes may forget to repeat them.
        self._state['settings'].update(plain(self.settings))
        self._resumed_at = self._progress(runner)
        self._facts = self._describe(runner)
        environment = self._facts['environment']
        self._state['sessions'].append(
            {
                'from_iteration': runner.iter,
                'command': self.command,
                **{key: environment[key] for key in ('commit', 'hardware')},
            }
        )
        self._clock = time.perf_counter()
        self._write(finished=False)

    def before_train_epoch(self, runner: Any) -> None:
        """Makes up for a validation that the checkpoint was saved before."""
        self._catch_up(runner)

    def after_train_iter(self, runner: Any, *args: Any, **kwargs: Any) -> None:
        """Adds the iteration's time."""
        self._count_seconds('training')

    def before_val(self, runner: Any) -> None:
        """Ends the time of training."""
        if self._state is not None:
            self._count_seconds('training')

    def after_val_epoch(self, runner: Any, metrics: dict[str, Any] | None = None) -> None:
        """Adds an entry to the curve and writes the record."""
        if self._state is None:
            return
        self._count_seconds('validation')
        entry = {} if by_iteration(runner) else {'epoch': runner.epoch}
        entry['iteration'] = runner.iter
        entry['train_loss'] = self._mean_loss(runner)
        scores = plain(metrics or {})
        entry.update({name: value for name, value in scores.items() if is_score(value)})
        self._state['curve'].append(plain(entry))
        self._write(finished=False)

    def after_train(self, runner: Any) -> None:
        """Writes the record for the last time."""
        self._catch_up(runner)
        self._count_seconds('training')
        loop = runner.train_loop
        end = loop.max_iters if by_iteration(runner) else loop.max_epochs
        # A run that was stopped early is not the schedule that the record names.
        self._write(finished=self._progress(runner) >= end)

    def _describe(self, runner: Any) -> dict[str, Any]:
        dataset, model = names_of(self.config)
        return {
            'command': self.command,
            'config': self.config,
            'dataset': dataset,
            'model': model,
            'seed': runner.seed,
            'environment': run_environment(runner.model),
            'settings': self._state['settings'],
            'schedule': plain(schedule_of(runner)),
            'params': learnable_parameters(runner.model),
        }

    def _mean_loss(self, runner: Any) -> float | None:
        """Returns the mean since the last entry of the curve, None without an iteration.

        It is read here from the hub, which every checkpoint holds: asking for each
        iteration's loss would make each wait for the GPU.
        """
        curve = self._state['curve']
        start = curve[-1]['iteration'] if curve else self._state['recorded_from']
        losses = runner.message_hub.log_scalars.get('train/loss')
        count = runner.iter - start
        if losses is None or count < 1:
            return None
        return float(losses.mean(count))

    def _progress(self, runner: Any) -> int:
        return runner.iter if by_iteration(runner) else runner.epoch

    def _catch_up(self, runner: Any) -> None:
        loop, done = runner.train_loop, self._progress(runner)
        if runner.val_loop is None or done != self._resumed_at or done < max(1, loop.val_begin):
            return
        end = loop.max_iters if by_iteration(runner) else loop.max_epochs
        unit = 'iteration' if by_iteration(runner) else 'epoch'
        curve = self._state['curve']
        if (done % loop.val_interval == 0 or done == end) and (
            not curve or curve[-1][unit] != done
        ):
            runner.val_loop.run()

    def _count_seconds(self, kind: str) -> None:
        now = time.perf_counter()
        self._state['seconds'][kind] += now - self._clock
        self._clock = now

    def _write(self, finished: bool) -> None:
        if not is_main_process():
            return
        curve = self._state['curve']
        record = self._facts | {
            'finished': finished,
            'curve': curve,
            'final': scores_of(curve[-1]) if curve else {},
            'best': best_of(curve),
            'seconds': self._state['seconds'],
            'sessions': self._state['sessions'],
        }
        write_record(self.path, record)
