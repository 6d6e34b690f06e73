"""Random numbers that depend on where a run stands, not on how it got there.

mmengine seeds every process alike, so that mixup and stochastic depth would draw the same in
all of them, and keeps no state of a generator in a checkpoint. Here the numbers of an iteration
follow from (seed, process, iteration) and those of a sample from (seed, number of the sample in
the run): nothing has to be saved, and a resumed run draws what it would have drawn.
"""

import random
from collections.abc import Iterator, Sized
from itertools import islice
from typing import Any

import numpy as np
import torch
from mmengine.dist import get_dist_info, get_rank
from mmengine.hooks import Hook
from mmengine.registry import DATA_SAMPLERS, DATASETS, HOOKS
from torch.utils.data import Sampler

# What the numbers are for, so that the two uses never share a seed.
_ITERATION, _SAMPLE = 1, 2


def _seed_all(*numbers: int) -> None:
    """Seeds Python, NumPy and PyTorch from several numbers."""
    seed = int(np.random.SeedSequence(numbers).generate_state(1)[0])
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)


@HOOKS.register_module()
class IterationSeedHook(Hook):
    """Seeds dropout, stochastic depth, mixup and the like by seed, process and iteration.

    Samplers keep the seed that all processes share.

    Args:
        every: Whether to seed each iteration (``--deterministic``). Otherwise only the start:
            of all processes but the first, and of a resumed run, which would repeat the
            numbers of the run's beginning.
    """

    priority = 'HIGHEST'  # before any hook that may draw

    def __init__(self, every: bool = False) -> None:
        self.every = every

    def before_train(self, runner: Any) -> None:
        """Seeds the start."""
        if runner.iter or get_rank():
            _seed_all(_ITERATION, runner.seed, get_rank(), runner.iter)

    def before_train_iter(self, runner: Any, *args: Any, **kwargs: Any) -> None:
        """Seeds the iteration."""
        if self.every:
            _seed_all(_ITERATION, runner.seed, get_rank(), runner.iter)


@DATA_SAMPLERS.register_module()
class NumberedSampler(Sampler[tuple[int, int]]):
    """Pairs the indices of another sampler with their number among all samples of the run.

    Two processes draw, in turn, what one process draws: the same sample by the same number.

    Args:
        dataset: The data set.
        sampler: Config of the other sampler.
        seed: Its seed.
    """

    def __init__(self, dataset: Sized, sampler: dict[str, Any], seed: int | None = None) -> None:
        self.sampler = DATA_SAMPLERS.build(sampler, default_args={'dataset': dataset, 'seed': seed})
        self.rank, self.world_size = get_dist_info()
        self.epoch = 0
        self._begin = 0

    def __len__(self) -> int:
        return len(self.sampler)

    def set_epoch(self, epoch: int) -> None:
        """Sets the epoch; mmengine's hook calls it."""
        self.epoch = epoch
        self.sampler.set_epoch(epoch)

    def set_passes(self, passes_per_epoch: int) -> None:
        """Sets the passes of a :class:`~lkca_mm.engine.multi_pass.MultiPassSampler`."""
        self.sampler.set_passes(passes_per_epoch)

    def skip(self, num_samples: int) -> None:
        """Leaves out the first samples of this process; resuming loops call it."""
        self._begin = num_samples

    def __iter__(self) -> Iterator[tuple[int, int]]:
        """Yields (number, index) of this process."""
        begin, self._begin = self._begin, 0
        first = self.epoch * len(self) + begin
        for number, index in enumerate(islice(self.sampler, begin, None), first):
            yield number * self.world_size + self.rank, index


@DATASETS.register_module()
class SeededDataset:
    """Augments the n-th sample of a run in one way, whichever worker or process draws it.

    Args:
        dataset: Config of the data set.
        seed: The run's seed.
    """

    def __init__(self, dataset: dict[str, Any], seed: int) -> None:
        self.dataset = DATASETS.build(dataset)
        self.metainfo = getattr(self.dataset, 'metainfo', {})
        self.seed = seed

    def __len__(self) -> int:
        return len(self.dataset)

    def __getitem__(self, position: tuple[int, int]) -> Any:
        """Returns a sample, by what :class:`NumberedSampler` yields."""
        number, index = position
        _seed_all(_SAMPLE, self.seed, number)
        return self.dataset[index]
