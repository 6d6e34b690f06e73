"""What becomes of a run whose loss is no longer a number."""

import math
from pathlib import Path
from typing import Any

import torch
from mmengine.dist import all_reduce, is_distributed
from mmengine.hooks import Hook
from mmengine.registry import HOOKS
from torch import Tensor

from lkca_mm.engine.history import RunHistory
from lkca_mm.engine.newest_checkpoint import POINTER
from lkca_mm.errors import TrainingError


def _last_checkpoint(runner: Any) -> str:
    pointer = Path(runner.work_dir) / POINTER
    if not pointer.is_file():
        return 'no checkpoint was written yet'
    return f'the last checkpoint is {pointer.read_text(encoding="utf-8").strip()}'


@HOOKS.register_module()
class StopOnBadLossHook(Hook):
    """Ends training when the loss was not finite, before a checkpoint holds what it did.

    It waits for no loss: it learns of one when the logger, a checkpoint or a record
    has the losses read, and then names the iteration that it belongs to.
    """

    # After the logger has read the losses and before a checkpoint is written.
    priority = 'LOW'

    def after_train_iter(self, runner: Any, *args: Any, **kwargs: Any) -> None:
        """Looks at the losses that were read.

        Raises:
            TrainingError: If one was not finite.
        """
        self._check(runner)

    def before_save_checkpoint(self, runner: Any, checkpoint: dict[str, Any]) -> None:
        """Looks at all losses so far, which are on their way to the disk, and at the weights.

        Raises:
            TrainingError: If one was not finite.
        """
        self._check(runner)
        for name, weight in checkpoint['state_dict'].items():
            if weight.is_floating_point() and not torch.isfinite(weight).all():
                raise TrainingError(
                    f'the weight {name} is not finite after iteration '
                    f'{runner.message_hub.get_info("iter", 0) + 1}: lower the learning rate or '
                    f'clip the gradients; {_last_checkpoint(runner)}'
                )

    def after_train(self, runner: Any) -> None:
        """Looks at the losses that nobody has asked for.

        Raises:
            TrainingError: If one was not finite.
        """
        history = runner.message_hub.log_scalars.get('train/loss')
        if history is not None:
            history.current()
            self._check(runner)

    def _check(self, runner: Any) -> None:
        history = runner.message_hub.log_scalars.get('train/loss')
        if isinstance(history, RunHistory):
            since = history.since_bad()
        elif history is not None and not math.isfinite(history.current()):
            since = 0
        else:
            since = None
        if since is not None:
            iteration = runner.message_hub.get_info('iter') + 1 - since
            raise TrainingError(
                f'the loss is not finite at iteration {iteration}: lower the learning rate, clip '
                f"the gradients or set on_bad_loss='skip'; {_last_checkpoint(runner)}"
            )


@HOOKS.register_module()
class SkipBadLossHook(Hook):
    """Leaves the weights as they are where the loss is not finite, and counts.

    To know a loss before its gradients it waits for the device at every iteration.
    The running statistics of a batch norm have seen the batch all the same.

    Args:
        most_in_a_row: How many iterations may follow each other without an update.
    """

    # Before the loss is noted, so that means and logs are those of the others.
    priority = 'HIGHEST'

    def __init__(self, most_in_a_row: int = 20) -> None:
        self.most_in_a_row = most_in_a_row
        self._in_a_row = 0
        self._is_bad = False

    def before_train(self, runner: Any) -> None:
        """Stands between the loss and the optimiser."""
        wrapper = runner.optim_wrapper
        update = wrapper.update_params

        def update_unless_bad(loss: Tensor, *args: Any, **kwargs: Any) -> None:
            finite = torch.isfinite(loss.detach()).all().float()
            if is_distributed():
                all_reduce(finite, 'min')  # all of them, or those that go on wait for the others
            self._is_bad = not bool(finite)
            if not self._is_bad:
                update(loss, *args, **kwargs)

        wrapper.update_params = update_unless_bad

    def after_train_iter(
        self,
        runner: Any,
        batch_idx: int,
        data_batch: Any = None,
        outputs: dict[str, Any] | None = None,
    ) -> None:
        """Counts.

        Raises:
            TrainingError: If nothing but bad losses comes.
        """
        if not self._is_bad:
            self._in_a_row = 0
            return
        self._in_a_row += 1
        iteration = runner.iter + 1
        if self._in_a_row >= self.most_in_a_row:
            raise TrainingError(
                f'the loss is not finite at iteration {iteration} and the {self._in_a_row - 1} '
                f'before it: lower the learning rate; {_last_checkpoint(runner)}'
            )
        if outputs:
            outputs.clear()
        hub = runner.message_hub
        count = hub.get_info('skipped_losses', 0) + 1
        hub.update_info('skipped_losses', count)
        runner.logger.warning(
            f'iteration {iteration}: the loss is not finite, the weights stay as they are '
            f'({count} such iterations so far)'
        )
