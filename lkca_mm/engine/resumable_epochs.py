"""Epochs that go on in their middle."""

from collections.abc import Iterator
from itertools import islice
from typing import Any

from mmengine.registry import LOOPS
from mmengine.runner import EpochBasedTrainLoop

from lkca_mm.engine.positions import PositionedSampler

# Under this key the message hub, and so every checkpoint, holds where the epoch began.
_KEY = 'epoch_in_progress'


@LOOPS.register_module()
class ResumableEpochLoop(EpochBasedTrainLoop):
    """mmengine's loop, which goes on with the batch that follows the checkpoint.

    mmengine begins the epoch again, and so trains longer than the schedule. With
    another number of processes, or another batch size, an epoch has another number
    of batches; then it goes on at the same fraction of the epoch.
    """

    def run_epoch(self) -> None:
        """Runs an epoch, or the rest of one."""
        hub, length = self.runner.message_hub, len(self.dataloader)
        begun = hub.get_info(_KEY) or {}
        done = 0
        if begun.get('epoch') == self._epoch:
            done = (self._iter - begun['iteration']) * length // begun['length']
        hub.update_info(
            _KEY, {'epoch': self._epoch, 'iteration': self._iter - done, 'length': length}
        )
        self.runner.call_hook('before_train_epoch')
        self.runner.model.train()
        for index, batch in enumerate(self._batches(done), done):
            self.run_iter(index, batch)
        self.runner.call_hook('after_train_epoch')
        self._epoch += 1

    def _batches(self, done: int) -> Iterator[Any]:
        """Yields the batches of the epoch that follow the first ``done``."""
        sampler, size = self.dataloader.sampler, self.dataloader.batch_size
        if done and size and isinstance(sampler, PositionedSampler):
            sampler.skip(done * size)
            done = 0
        # A sampler of another kind has its first batches loaded for nothing.
        return islice(self.dataloader, done, None)
