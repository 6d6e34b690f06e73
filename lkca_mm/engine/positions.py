"""Samplers that can begin in the middle, and say where they stand."""

from collections.abc import Iterator, Sized
from itertools import islice
from typing import Any

from mmengine.dist import get_dist_info
from mmengine.registry import DATA_SAMPLERS
from torch.utils.data import Sampler

INDEX_BITS = 32
"""How many of the lowest bits of a numbered index are the index."""


@DATA_SAMPLERS.register_module()
class PositionedSampler(Sampler[int]):
    """Another sampler, whose first samples can be left out without loading them.

    Args:
        dataset: The data set.
        sampler: Config of the other sampler.
        seed: Its seed.
        numbered: Whether each index has, above its lowest ``INDEX_BITS`` bits, its
            number among the samples that all processes draw in the run.
    """

    def __init__(
        self,
        dataset: Sized,
        sampler: dict[str, Any],
        seed: int | None = None,
        numbered: bool = False,
    ) -> None:
        self.sampler = DATA_SAMPLERS.build(sampler, default_args={'dataset': dataset, 'seed': seed})
        self.numbered = numbered
        self.rank, self.world_size = get_dist_info()
        self.epoch = 0
        self._begin = 0

    def __len__(self) -> int:
        """Returns the number of samples that this process draws in an epoch."""
        return len(self.sampler)

    def set_epoch(self, epoch: int) -> None:
        """Sets the epoch; mmengine's hook calls it."""
        self.epoch = epoch
        if hasattr(self.sampler, 'set_epoch'):
            self.sampler.set_epoch(epoch)

    def skip(self, num_samples: int) -> None:
        """Leaves out the first samples of this process the next time that it is asked."""
        self._begin = num_samples

    def __iter__(self) -> Iterator[int]:
        """Yields the indices of this process."""
        begin, self._begin = self._begin, 0
        indices = islice(self.sampler, begin, None)
        if not self.numbered:
            yield from indices
            return
        first = self.epoch * len(self) + begin
        for number, index in enumerate(indices, first):
            yield (number * self.world_size + self.rank) << INDEX_BITS | index


def innermost(sampler: Any) -> Any:
    """Returns the sampler that a :class:`PositionedSampler` is around, or itself."""
    return sampler.sampler if isinstance(sampler, PositionedSampler) else sampler
