"""Hooks that the base configs name: losses that are read late, and Ctrl-C."""

import math
import os
import signal
import threading
import time
from pathlib import Path
from types import FrameType
from typing import Any

import torch
from mmengine.dist import is_main_process
from mmengine.hooks import Hook, LoggerHook, RuntimeInfoHook
from mmengine.registry import HOOKS

from lkca_mm.engine.checkpoint import POINTER
from lkca_mm.errors import TrainingError
from lkca_mm.files import write_text

# Values that a history keeps. mmengine copies the whole history at every update, which at its
# own limit of a million takes a millisecond a value.
_MOST_VALUES = 10_000

# torchrun forwards the Ctrl-C that the terminal has sent already; a person who wants out at
# once takes longer than this to press again.
_ECHO_SECONDS = 2.0
_SAVING_SECONDS = 60.0  # slurm waits for 30 by default before it kills


@HOOKS.register_module()
class DeferredRuntimeInfoHook(RuntimeInfoHook):
    """Notes losses without waiting for the GPU at every iteration, and ends training on NaN.

    mmengine turns every loss into a number at once, so that the host waits for the GPU in each
    iteration. Here losses stay on their device until the logger, a validation or a checkpoint
    needs them; then all come over in one transfer. Stands in ``default_hooks.runtime_info``.
    The histories of logged values keep the last 10,000.

    Raises:
        TrainingError: If a loss is not finite, when it is read; the message names its
            iteration. If a weight is not finite, before a checkpoint is written.
    """

    def __init__(self) -> None:
        self._waiting: list[tuple[int, dict[str, Any]]] = []

    def before_train(self, runner: Any) -> None:
        """Looks up how often the logger reads."""
        super().before_train(runner)
        intervals = [hook.interval for hook in runner.hooks if isinstance(hook, LoggerHook)]
        self._interval = intervals[0] if intervals else 50

    def after_train_iter(
        self, runner: Any, batch_idx: int, data_batch: Any = None, outputs: Any = None
    ) -> None:
        """Keeps the losses, and reads them where the logger does."""
        losses = {name: torch.as_tensor(loss).detach() for name, loss in (outputs or {}).items()}
        self._waiting.append((runner.iter + 1, losses))
        if self.every_n_inner_iters(batch_idx, self._interval) or self.end_of_epoch(
            runner.train_dataloader, batch_idx
        ):
            self._read(runner)

    def before_val(self, runner: Any) -> None:
        """Reads the losses for the hooks that record them with the scores."""
        super().before_val(runner)
        self._read(runner)

    def after_train(self, runner: Any) -> None:
        """Reads the last losses."""
        self._read(runner)
        super().after_train(runner)

    def before_save_checkpoint(self, runner: Any, checkpoint: dict[str, Any]) -> None:
        """Puts the losses into the checkpoint, unless it would hold weights of a failed run."""
        self._read(runner)
        checkpoint['message_hub'] = runner.message_hub.state_dict()
        for name, weight in checkpoint['state_dict'].items():
            if not torch.isfinite(weight).all():
                at = checkpoint['meta']['iter']
                raise TrainingError(
                    f'the weight {name} is not finite after iteration {at}; {_hint(runner)}'
                )

    def _read(self, runner: Any) -> None:
        waiting, self._waiting = self._waiting, []
        losses = [loss.reshape(()) for _, named in waiting for loss in named.values()]
        if not losses:
            return
        hub, bad = runner.message_hub, None
        values = iter(torch.stack([loss.to(losses[0].device) for loss in losses]).tolist())
        for iteration, named in waiting:
            for name, value in zip(named, values, strict=False):
                hub.update_scalar(f'train/{name}', value)
                if name == 'loss' and bad is None and not math.isfinite(value):
                    bad = iteration
        for history in hub.log_scalars.values():
            history.max_length = _MOST_VALUES
        if bad is not None:
            raise TrainingError(f'the loss is not finite at iteration {bad}; {_hint(runner)}')


def _hint(runner: Any) -> str:
    pointer = Path(runner.work_dir) / POINTER
    last = pointer.read_text(encoding='utf-8') if pointer.is_file() else 'not written yet'
    return f'lower the learning rate or clip the gradients (last checkpoint: {last})'


class TrainingInterrupted(KeyboardInterrupt):
    """Training was interrupted; ``checkpoint`` is the path to go on from."""

    def __init__(self, checkpoint: Path) -> None:
        super().__init__(f'interrupted; saved {checkpoint}')
        self.checkpoint = checkpoint


@HOOKS.register_module()
class InterruptHook(Hook):
    """Saves a checkpoint after the running iteration on SIGINT or SIGTERM, then ends training.

    The checkpoint is ``interrupted_iter_<N>.pth`` in the work dir, unless one of this iteration
    exists, and becomes the one that ``--resume`` finds. During a validation the weights may be
    an average (``EMAHook``): there training ends at once if the iteration is saved already,
    else after the validation. A second Ctrl-C ends training at once. Of several processes the
    first saves; the launcher ends the others.
    """

    priority = 'LOWEST'  # after the scheduler's step and the regular checkpoint

    def __init__(self) -> None:
        self._owner = os.getpid()
        self._training = False
        self._requested_at: float | None = None
        self._terminated = False
        self._saved_at = -1
        # The handlers start here and not in `before_train`: data workers are forked in between
        # and inherit them, so that a Ctrl-C in the terminal does not end the workers before the
        # main process has used their last batch.
        self._earlier = {
            number: signal.signal(number, self._on_signal)
            for number in (signal.SIGINT, signal.SIGTERM)
            if threading.current_thread() is threading.main_thread()  # no other receives signals
        }

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        if os.getpid() != self._owner:
            if number == signal.SIGTERM:
                os._exit(128 + number)  # how PyTorch ends its data workers
            return
        if not self._training:
            raise KeyboardInterrupt
        if number == signal.SIGTERM:
            # torchrun ends the data workers with it too, and PyTorch would raise that right here.
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            self._terminated = True
        if not is_main_process():
            return
        now = time.monotonic()
        if self._requested_at is None:
            self._requested_at = now
            print('\ninterrupt: saving a checkpoint after this iteration ...', flush=True)
        elif number == signal.SIGINT and now - self._requested_at > _ECHO_SECONDS:
            raise KeyboardInterrupt

    def before_train(self, runner: Any) -> None:
        """From here on there is something to save."""
        self._training = True

    def after_train(self, runner: Any) -> None:
        """Puts back the handlers that were there before."""
        self._training = False
        for number, handler in self._earlier.items():
            signal.signal(number, handler)

    def before_save_checkpoint(self, runner: Any, checkpoint: dict[str, Any]) -> None:
        """Notes of which iteration a checkpoint exists that a run can go on from."""
        if 'optimizer' in checkpoint:
            self._saved_at = checkpoint['meta']['iter']

    def after_train_iter(self, runner: Any, *args: Any, **kwargs: Any) -> None:
        """Saves and ends training if asked to."""
        self._end(runner, runner.iter + 1)  # the runner counts this iteration after its hooks

    def after_val_iter(self, runner: Any, *args: Any, **kwargs: Any) -> None:
        """Ends training in the middle of a validation if the iteration is saved already."""
        if self._saved_at == runner.iter:
            self._end(runner, runner.iter)

    def after_val(self, runner: Any) -> None:
        """Saves and ends training once the weights are those of training again."""
        self._end(runner, runner.iter)

    def after_worker_error(self, runner: Any) -> None:
        """Saves if asked to, between two iterations, and not in a validation, of an average."""
        if self._terminated and not is_main_process():
            # Slurm ends all processes once one has failed, and the first may be saving.
            time.sleep(_SAVING_SECONDS)
        if runner.model.training:
            self._end(runner, runner.iter)

    def _end(self, runner: Any, iteration: int) -> None:
        if self._requested_at is None:
            return
        if self._saved_at == iteration:
            raise TrainingInterrupted(Path(runner.message_hub.get_info('last_ckpt')))
        path = Path(runner.work_dir) / f'interrupted_iter_{iteration}.pth'
        meta = {'iter': iteration, 'epoch': runner.epoch}
        runner.save_checkpoint(runner.work_dir, path.name, meta=meta, by_epoch=False)
        write_text(path.parent / POINTER, str(path))  # where mmengine looks for the newest
        raise TrainingInterrupted(path)
