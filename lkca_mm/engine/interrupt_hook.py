"""Ctrl-C ends training with a checkpoint instead of a traceback."""

import os
import signal
import time
from pathlib import Path
from types import FrameType
from typing import Any

import torch
from mmengine.device import get_device
from mmengine.dist import broadcast, is_main_process
from mmengine.hooks import Hook
from mmengine.registry import HOOKS

from lkca_mm.engine.durable import write_durably
from lkca_mm.engine.newest_checkpoint import POINTER

# torchrun forwards the Ctrl-C that the terminal has sent already; a person who
# wants out at once needs longer than this to press again.
_ECHO_SECONDS = 2.0


class TrainingInterrupted(KeyboardInterrupt):
    """Training was interrupted and saved.

    Attributes:
        checkpoint: The checkpoint that was written.
    """

    def __init__(self, checkpoint: Path) -> None:
        super().__init__(f'interrupted; saved {checkpoint}')
        self.checkpoint = checkpoint


@HOOKS.register_module()
class InterruptHook(Hook):
    """Saves a checkpoint after the running iteration on SIGINT or SIGTERM, then ends training.

    The checkpoint is ``interrupted_iter_<N>.pth`` in the work dir, and becomes
    the one that resuming finds. A second Ctrl-C ends training at once. Of
    several processes the first saves; the others wait to be ended by their
    launcher, unless they share one model: then all of them save and end.
    """

    # After the scheduler has stepped and the regular checkpoint was written.
    priority = 'LOWEST'

    def __init__(self) -> None:
        self._owner = os.getpid()
        self._training = False
        self._requested_at: float | None = None
        # Listening starts here and not in `before_run`: data workers are forked
        # in between, inherit the handler and so survive a Ctrl-C in the terminal
        # until the main process has used their last batch.
        for number in (signal.SIGINT, signal.SIGTERM):
            try:
                signal.signal(number, self._on_signal)
            except ValueError:  # not the main thread: then nobody's Ctrl-C ends here
                return

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        if os.getpid() != self._owner:
            if number == signal.SIGTERM:
                os._exit(128 + number)  # how PyTorch ends its data workers
            return
        if not self._training:
            raise KeyboardInterrupt
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
        """From here on an interrupt is an ordinary one again."""
        self._training = False

    def after_train_iter(self, runner: Any, *args: Any, **kwargs: Any) -> None:
        """Saves and ends training if asked to."""
        # The runner counts this iteration only after its hooks.
        self._end_if_asked(runner, runner.iter + 1)

    def after_val_iter(self, runner: Any, *args: Any, **kwargs: Any) -> None:
        """Does not wait for the end of a long validation."""
        self._end_if_asked(runner, runner.iter)

    def _end_if_asked(self, runner: Any, iteration: int) -> None:
        asked = self._requested_at is not None
        if getattr(runner, 'saves_together', False):
            # Nobody can save alone: the first process tells the others.
            flag = torch.tensor(float(asked), device=get_device())
            broadcast(flag)
            asked = bool(flag)
        if not asked:
            return
        self._training = False
        name = f'interrupted_iter_{iteration}.pth'
        meta = {'iter': iteration, 'epoch': runner.epoch}
        runner.save_checkpoint(runner.work_dir, name, meta=meta, by_epoch=False)
        checkpoint = Path(runner.work_dir) / name
        if is_main_process():
            # The file by which mmengine finds the newest checkpoint.
            write_durably(Path(runner.work_dir) / POINTER, str(checkpoint))
        raise TrainingInterrupted(checkpoint)
