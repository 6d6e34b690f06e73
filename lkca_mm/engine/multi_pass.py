"""Epochs that pass over the data more than once."""

from collections.abc import Iterator, Sized
from typing import Any

import torch
from mmengine.dist import get_dist_info, sync_random_seed
from mmengine.registry import DATA_SAMPLERS, LOOPS
from mmengine.runner import Runner
from torch.utils.data import DataLoader, Sampler

from lkca_mm.engine.positions import innermost
from lkca_mm.engine.resumable_epochs import ResumableEpochLoop
from lkca_mm.errors import ConfigError


@DATA_SAMPLERS.register_module()
class MultiPassSampler(Sampler[int]):
    """Draws an epoch of several passes, each with every sample once in an order of its own.

    One pass ends where the next begins, also within a batch. Over several
    processes, each takes every n-th sample.

    Args:
        dataset: The data set.
        shuffle: Whether the order is drawn anew for each pass.
        seed: Seed of the order; the same in all processes. Drawn if None.
        passes_per_epoch: Number of passes; :class:`MultiPassTrainLoop` sets it.

    Raises:
        ConfigError: If ``passes_per_epoch`` is not a positive whole number.
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
        self.set_passes(passes_per_epoch)

    def set_passes(self, passes_per_epoch: int) -> None:
        """Sets the number of passes of the epochs to come."""
        whole = isinstance(passes_per_epoch, int) and not isinstance(passes_per_epoch, bool)
        if not whole or passes_per_epoch < 1:
            raise ConfigError(
                f'passes_per_epoch={passes_per_epoch!r} must be a positive whole number'
            )
        self.passes_per_epoch = passes_per_epoch

    def set_epoch(self, epoch: int) -> None:
        """Sets the epoch, which the order depends on; mmengine's hook calls it."""
        self.epoch = epoch

    def __len__(self) -> int:
        """Returns the number of samples that this process draws in an epoch."""
        return -(-self.passes_per_epoch * len(self.dataset) // self.world_size)

    def __iter__(self) -> Iterator[int]:
        """Yields the indices of this process."""
        size = len(self.dataset)
        if self.shuffle:
            generator = torch.Generator().manual_seed(self.seed + self.epoch)
            passes = [
                torch.randperm(size, generator=generator) for _ in range(self.passes_per_epoch)
            ]
        else:
            passes = [torch.arange(size)] * self.passes_per_epoch
        order = torch.cat(passes)
        # Every process takes the same number: the first samples fill the last round.
        order = torch.cat((order, order[: len(self) * self.world_size - len(order)]))
        yield from order[self.rank :: self.world_size].tolist()


@LOOPS.register_module()
class MultiPassTrainLoop(ResumableEpochLoop):
    """Epoch-based training whose epochs pass ``passes_per_epoch`` times over the data.

    The authors' trainer passes three times over the data in what it, and the
    paper, call an epoch: 1,171 iterations of 128 on CIFAR-10.

    Args:
        runner: The runner.
        dataloader: The training data; its sampler must be a :class:`MultiPassSampler`.
        max_epochs: Number of epochs.
        passes_per_epoch: Passes over the data in one of them.
        **kwargs: Everything else is for ``mmengine.runner.EpochBasedTrainLoop``.

    Raises:
        ConfigError: If the sampler is another one, or a number is impossible.
    """

    def __init__(
        self,
        runner: Runner,
        dataloader: DataLoader | dict[str, Any],
        max_epochs: int,
        passes_per_epoch: int = 1,
        **kwargs: Any,
    ) -> None:
        if isinstance(dataloader, dict):
            ranks_differ = runner._randomness_cfg.get('diff_rank_seed', False)
            dataloader = runner.build_dataloader(
                dataloader, seed=runner.seed, diff_rank_seed=ranks_differ
            )
        sampler = innermost(dataloader.sampler)
        if not isinstance(sampler, MultiPassSampler):
            raise ConfigError(
                f'MultiPassTrainLoop cannot use the sampler {type(sampler).__name__}; '
                "set train_dataloader.sampler to dict(type='MultiPassSampler')"
            )
        sampler.set_passes(passes_per_epoch)
        self.passes_per_epoch = passes_per_epoch
        super().__init__(runner, dataloader, max_epochs, **kwargs)
