"""The hook behind ``tools/train.py --record``: a JSON record that is whole after a resume."""

from pathlib import Path
from typing import Any

from mmengine.dist import is_main_process
from mmengine.hooks import Hook
from mmengine.registry import HOOKS
from mmengine.runner import IterBasedTrainLoop, Runner

from lkca_mm import record
from lkca_mm.errors import ConfigError
from lkca_mm.evaluation import class_iou_of

# Under this key the message hub, and so every checkpoint, holds the run so far.
_KEY = 'result_record'


@HOOKS.register_module()
class ResultRecordHook(Hook):
    """Writes what a training run is and measures, after each validation and at its end.

    mmengine saves an epoch's checkpoint before it validates that epoch, and does not validate
    again on resuming. The curve of a resumed run would lack that entry, so the hook runs the
    validation before training goes on.

    Args:
        path: The JSON file.
        config: The config's path as the user gave it; it names data set and model.
        command: The command that started the run.
        settings: The options by which the run differs from its config.
    """

    # Before the hooks that save checkpoints, which shall hold this iteration too, and after
    # the one that notes the loss.
    priority = 'LOW'

    def __init__(
        self, path: str, config: str, command: str = '', settings: dict[str, Any] | None = None
    ) -> None:
        self.path = Path(path)
        self.config = str(config)
        self.command = command
        self.settings = dict(settings or {})
        self._facts: dict[str, Any] = {}
        self._state: dict[str, Any] | None = None
        self._resumed_at = 0

    def before_train(self, runner: Runner) -> None:
        """Takes up what a resumed checkpoint holds, and writes the record for the first time.

        Raises:
            ConfigError: If a new run, or one of another model, would replace a finished record.
        """
        earlier = runner.message_hub.get_info(_KEY)
        found = record.read_record(self.path) if self.path.exists() else {'finished': False}
        same = record.names_of(found.get('config', '')) == record.names_of(self.config)
        if found.get('finished') is not False and (earlier is None or not same):
            raise ConfigError(f'--record {self.path}: holds a finished run; name another file')
        fresh = {'curve': [], 'settings': {}}
        # A run that was not recorded so far has losses before this iteration too.
        fresh |= {'recorded_from': runner.iter, 'sessions': []}
        # The hub keeps this very object, so changing it is enough from here on.
        self._state = fresh | (earlier or {})
        runner.message_hub.update_info(_KEY, self._state)
        # Options of any session count: who resumes may forget to repeat them.
        self._state['settings'].update(record.plain(self.settings))
        self._resumed_at = self._done(runner)
        self._facts = self._describe(runner)
        session = {key: self._facts['environment'][key] for key in ('commit', 'hardware')}
        session |= {'from_iteration': runner.iter, 'command': self.command}
        self._state['sessions'].append(session)
        self._write()

    def before_train_epoch(self, runner: Runner) -> None:
        """Runs the validation that a resumed checkpoint was saved before."""
        self._catch_up(runner)

    def after_val_epoch(self, runner: Runner, metrics: dict[str, Any] | None = None) -> None:
        """Adds an entry to the curve and writes the record."""
        if self._state is None:  # not training
            return
        if class_iou := class_iou_of(runner.val_evaluator):
            self._state['class_iou'] = record.plain(class_iou)
        self._add_entry(runner, runner.epoch, metrics or {})

    def after_train_epoch(self, runner: Runner) -> None:
        """Does so where there is no validation, as in pre-training."""
        if runner.val_loop is None:
            self._add_entry(runner, runner.epoch + 1, {})

    def _add_entry(self, runner: Runner, epoch: int, metrics: dict[str, Any]) -> None:
        entry = {} if _by_iteration(runner) else {'epoch': epoch}
        entry |= {'iteration': runner.iter, 'train_loss': self._mean_loss(runner)}
        # Numbers, or None where they are not finite; texts and lists are not scores.
        for key, value in record.plain({**entry, **metrics}).items():
            if isinstance(value, (int, float, type(None))):
                entry[key] = round(value, 4) if isinstance(value, float) else value
        self._state['curve'].append(entry)
        self._write()

    def after_train(self, runner: Runner) -> None:
        """Writes the record for the last time."""
        self._catch_up(runner)
        # A run that was stopped early is not the schedule that the record names.
        self._write(finished=self._done(runner) >= self._end(runner))

    def _describe(self, runner: Runner) -> dict[str, Any]:
        dataset, model = record.names_of(self.config)
        weights = [weight for weight in runner.model.parameters() if weight.requires_grad]
        loop, optimizer = runner.train_loop, runner.optim_wrapper.optimizer
        by_iteration, loader = _by_iteration(runner), runner.train_dataloader
        batch_size = loader.batch_size or loader.batch_sampler.batch_size  # mmdet's samplers
        schedule = {
            'max_epochs': None if by_iteration else loop.max_epochs,
            'passes_per_epoch': getattr(loop, 'passes_per_epoch', 1),
            'batch_size': batch_size * runner.world_size,
            'iterations_per_epoch': None if by_iteration else len(loop.dataloader),
            'total_iterations': loop.max_iters,
            'optimizer': type(optimizer).__name__,
            'base_lr': optimizer.defaults.get('lr'),
            'weight_decay': optimizer.defaults.get('weight_decay'),
            'optim_wrapper': type(runner.optim_wrapper).__name__,
        }
        return {
            'command': self.command,
            'config': self.config,
            'dataset': dataset,
            'model': model,
            'seed': runner.seed,
            'environment': record.environment(weights[0].device.type),
            'settings': self._state['settings'],
            'schedule': record.plain(schedule),
            'params': sum(weight.numel() for weight in weights),
        }

    def _mean_loss(self, runner: Runner) -> float | None:
        """Returns the mean since the last entry of the curve, None without an iteration.

        It is read here from the hub, which every checkpoint holds: asking for each iteration's
        loss would make each wait for the GPU.
        """
        curve = self._state['curve']
        start = curve[-1]['iteration'] if curve else self._state['recorded_from']
        losses = runner.message_hub.log_scalars.get('train/loss')
        count = runner.iter - start
        return None if losses is None or count < 1 else float(losses.mean(count))

    def _done(self, runner: Runner) -> int:
        return runner.iter if _by_iteration(runner) else runner.epoch

    def _end(self, runner: Runner) -> int:
        return runner.max_iters if _by_iteration(runner) else runner.max_epochs

    def _catch_up(self, runner: Runner) -> None:
        loop, done = runner.train_loop, self._done(runner)
        if runner.val_loop is None or done != self._resumed_at or done < max(1, loop.val_begin):
            return
        unit, curve = 'iteration' if _by_iteration(runner) else 'epoch', self._state['curve']
        due = done % loop.val_interval == 0 or done == self._end(runner)
        if due and (not curve or curve[-1][unit] != done):
            runner.val_loop.run()

    def _write(self, finished: bool = False) -> None:
        if not is_main_process():
            return
        state, curve = self._state, self._state['curve']
        content = self._facts | {'finished': finished, 'curve': curve}
        content['final'] = record.scores_of(curve[-1]) if curve else {}
        content |= {key: state[key] for key in ('class_iou', 'sessions') if key in state}
        record.write_record(self.path, content)


def _by_iteration(runner: Runner) -> bool:
    return isinstance(runner.train_loop, IterBasedTrainLoop)
