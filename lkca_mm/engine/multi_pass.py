"""Epochs that pass over the data more than once, and resume in the middle of an epoch."""

import itertools
from collections.abc import Iterator, Sized
from typing import Any

import torch
from mmengine.dist import get_dist_info, sync_random_seed
from mmengine.registry import DATA_SAMPLERS, LOOPS
from mmengine.runner import EpochBasedTrainLoop
from torch import nn
from torch.utils.data import Sampler

from lkca_mm.errors import ConfigError

# The message hub, and so every checkpoint, holds under this key where the epoch began.
_KEY = 'epoch_in_progress'


@DATA_SAMPLERS.register_module()
class MultiPassSampler(Sampler[int]):
    """Draws an epoch of several passes, each with every sample once in an order of its own.

    One pass ends where the next begins, also within a batch. Of several processes, each
    takes every n-th sample.

    Args:
        dataset: The data set.
        shuffle: Whether to draw a new order for each pass.
        seed: Seed of the order, the same in all processes. Drawn if None.
        passes_per_epoch: Number of passes; :class:`MultiPassTrainLoop` sets it.
    """

    def __init__(
        self,
        dataset: Sized,
        shuffle: bool = True,
        seed: int | None = None,
        passes_per_epoch: int = 1,
    ) -> None:
        self.rank, self.world_size = get_dist_info()
        self.dataset = dataset
        self.shuffle = shuffle
        self.seed = sync_random_seed() if seed is None else seed
        self.epoch = 0
        self.passes_per_epoch = passes_per_epoch
        self._begin = 0

    def set_passes(self, passes_per_epoch: int) -> None:
        """Sets the number of passes of the epochs to come."""
        self.passes_per_epoch = passes_per_epoch

    def set_epoch(self, epoch: int) -> None:
        """Sets the epoch, which the order depends on; mmengine's hook calls it."""
        self.epoch = epoch

    def skip(self, num_samples: int) -> None:
        """Leaves out the first samples of this process in the next epoch."""
        self._begin = num_samples

    def __len__(self) -> int:
        """Returns the number of samples that this process draws in an epoch."""
        return -(-self.passes_per_epoch * len(self.dataset) // self.world_size)

    def __iter__(self) -> Iterator[int]:
        """Yields the indices of this process."""
        begin, self._begin = self._begin, 0
        size, count = len(self.dataset), self.passes_per_epoch
        if self.shuffle:
            generator = torch.Generator().manual_seed(self.seed + self.epoch)
            order = torch.cat([torch.randperm(size, generator=generator) for _ in range(count)])
        else:
            order = torch.arange(size).repeat(count)
        # Every process takes the same number: the first samples fill the last round.
        order = torch.cat((order, order[: len(self) * self.world_size - len(order)]))
        yield from order[self.rank :: self.world_size][begin:].tolist()


@LOOPS.register_module()
class MultiPassTrainLoop(EpochBasedTrainLoop):
    """Epoch-based training whose epochs pass ``passes_per_epoch`` times over the data.

    The authors' trainer passes three times over the data in what it, and the paper, call an
    epoch: 1,171 iterations of 128 on CIFAR-10.

    A resumed run goes on with the batch that follows the checkpoint, where mmengine's loop
    starts the epoch over. With another number of processes, or another batch size, an epoch
    has another number of batches; the run then goes on at the same fraction of the epoch, and so
    do the schedules that count iterations.

    Args:
        *args: See ``mmengine.runner.EpochBasedTrainLoop``; the sampler of the training data
            must be a :class:`MultiPassSampler`, or a ConfigError is raised.
        passes_per_epoch: Passes over the data in one epoch.
        **kwargs: See ``mmengine.runner.EpochBasedTrainLoop``.
    """

    def __init__(self, *args: Any, passes_per_epoch: int = 1, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        sampler = self.dataloader.sampler
        if not hasattr(sampler, 'set_passes'):
            raise ConfigError(
                f'MultiPassTrainLoop cannot use the sampler {type(sampler).__name__}; '
                "set train_dataloader.sampler to dict(type='MultiPassSampler')"
            )
        sampler.set_passes(passes_per_epoch)
        self.passes_per_epoch = passes_per_epoch
        self._max_iters = self._max_epochs * len(self.dataloader)

    def run(self) -> nn.Module:
        """Runs the epochs that are left."""
        left = (self._max_epochs - self._epoch) * len(self.dataloader)
        end = self._iter - self._batches_done() + left
        if end != self._max_iters:  # the epochs so far were of another length
            self._max_iters = end
            self.runner.optim_wrapper.initialize_count_status(self.runner.model, self._iter, end)
        return super().run()

    def _batches_done(self) -> int:
        begun = self.runner.message_hub.get_info(_KEY) or {}
        if begun.get('epoch') != self._epoch:
            return 0
        return (self._iter - begun['iteration']) * len(self.dataloader) // begun['length']

    def run_epoch(self) -> None:
        """Runs an epoch, or the rest of one."""
        hub, length, done = self.runner.message_hub, len(self.dataloader), self._batches_done()
        begun = hub.get_info(_KEY) or {}
        if begun.get('length', length) != length:
            self._stretch_schedules(length / begun['length'])
        start = {'epoch': self._epoch, 'iteration': self._iter - done, 'length': length}
        hub.update_info(_KEY, start)
        self.runner.call_hook('before_train_epoch')
        self.runner.model.train()
        self.dataloader.sampler.skip(done * self.dataloader.batch_size)
        for index, batch in enumerate(self.dataloader, done):
            self.run_iter(index, batch)
        self.runner.call_hook('after_train_epoch')
        self._epoch += 1

    def _stretch_schedules(self, factor: float) -> None:
        found = self.runner.param_schedulers or []
        for scheduler in itertools.chain(*(found.values() if isinstance(found, dict) else [found])):
            for name in ('begin', 'end', 'T_max', 'last_step', '_global_step'):
                value = getattr(scheduler, name, -1)
                if not scheduler.by_epoch and value > 0:
                    setattr(scheduler, name, round(value * factor))
            if hasattr(scheduler, 'total_iters'):
                scheduler.total_iters = scheduler.end - scheduler.begin - 1
