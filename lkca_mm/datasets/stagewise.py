"""Runs a pipeline over a batch one transform at a time."""

from collections.abc import Sequence
from typing import Any

from lkca_mm.errors import DataError


class StagewiseBatches:
    """Gives a data set of mmengine a faster way to make a batch.

    PyTorch's loader asks a data set that has ``__getitems__`` for all samples of
    a batch at once. Each transform then handles the whole batch before the next
    one begins, so its code and tables stay in the processor's caches: about 1.4
    times as fast for small pictures as one sample after the other. The samples
    are the same, but for the order in which random numbers are drawn.

    Mix it in before the data set class. Wrappers such as ``RepeatDataset`` do
    not pass the batch on, so they go sample by sample.
    """

    def __getitems__(self, indices: Sequence[int]) -> list[Any]:
        """Returns the samples of a batch.

        Args:
            indices: The numbers of the samples.

        Raises:
            DataError: The pipeline returned None for a sample: in ``test_mode``
                at once, otherwise after ``max_refetch`` other samples.
        """
        if not self._fully_initialized:
            self.full_init()
        samples = [self.get_data_info(index) for index in indices]
        for transform in self.pipeline.transforms:
            samples = [None if sample is None else transform(sample) for sample in samples]
        return [
            self._replacement(index) if sample is None else sample
            for index, sample in zip(indices, samples, strict=True)
        ]

    def _replacement(self, index: int) -> Any:
        """Returns another sample, drawn as mmengine does; the first try counts as made."""
        if self.test_mode:
            raise DataError(f'the pipeline returned None for sample {index} of a test set')
        for _ in range(self.max_refetch):
            sample = self.prepare_data(self._rand_another())
            if sample is not None:
                return sample
        raise DataError(
            f'the pipeline returned None for sample {index} and for max_refetch='
            f'{self.max_refetch} others: check the images and the pipeline'
        )
