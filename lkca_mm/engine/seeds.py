"""Random numbers that depend on where a run stands, not on how it came there."""

import random
from typing import Any

import numpy as np
import torch
from mmengine.dist import get_rank
from mmengine.hooks import Hook
from mmengine.registry import DATASETS, HOOKS

from lkca_mm.datasets.wrapper import DatasetWrapper
from lkca_mm.engine.positions import INDEX_BITS

# What the numbers are for, so that no two uses draw the same ones.
_ITERATION, _SAMPLE = 1, 2


def _seed_all(*numbers: int, devices: bool = True) -> None:
    """Seeds Python, NumPy and PyTorch from several numbers."""
    first, second, third = np.random.SeedSequence(numbers).generate_state(3).tolist()
    random.seed(first)
    np.random.seed(second)
    if devices:
        torch.manual_seed(third)
    else:  # a data worker has no business with the devices
        torch.default_generator.manual_seed(third)


@HOOKS.register_module()
class IterationSeedHook(Hook):
    """Seeds dropout, stochastic depth, mixup and the like by seed, iteration and process.

    A run that goes on at an iteration so draws what it would have drawn there, and
    no state of a generator has to be kept: not of other processes, other devices or
    data workers either, and none that a validation or a log has moved.

    Args:
        every: Whether each iteration is seeded; otherwise only the first after a
            resume, which would repeat the numbers of the run's beginning.
    """

    # Before any hook that may draw.
    priority = 'HIGHEST'

    def __init__(self, every: bool = False) -> None:
        self.every = every

    def before_train(self, runner: Any) -> None:
        """Seeds a run that goes on."""
        if runner.iter:
            _seed_all(_ITERATION, runner.seed, get_rank(), runner.iter)

    def before_train_iter(self, runner: Any, *args: Any, **kwargs: Any) -> None:
        """Seeds the iteration."""
        if self.every:
            _seed_all(_ITERATION, runner.seed, get_rank(), runner.iter)


@DATASETS.register_module()
class SeededDataset(DatasetWrapper):
    """Augments the n-th sample of a run in one way, whichever worker or process draws it.

    Args:
        dataset: The data set, or its config.
        seed: The run's seed.
    """

    def __init__(self, dataset: Any, seed: int) -> None:
        super().__init__(dataset)
        self.seed = seed

    def __getitem__(self, position: int) -> Any:
        """Returns a sample.

        Args:
            position: What a :class:`PositionedSampler` with ``numbered=True`` yields.
        """
        draw, index = position >> INDEX_BITS, position & (1 << INDEX_BITS) - 1
        _seed_all(_SAMPLE, self.seed, draw, devices=False)
        return self.dataset[index]
