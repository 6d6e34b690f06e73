"""Whether a file computes what the model does."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from lkca_mm.export.errors import ExportError

Run = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Difference:
    """How far logits are from what they should be.

    Attributes:
        largest: Largest absolute difference of two logits.
        scale: Largest absolute logit.
    """

    largest: float
    scale: float

    @property
    def relative(self) -> float:
        """The difference as a share of the largest logit."""
        return self.largest / self.scale if self.largest else 0.0


def random_pictures(batch: int, size: tuple[int, int], pixels: bool, seed: int = 0) -> Tensor:
    """Returns random pictures (B, 3, H, W).

    Args:
        batch: B.
        size: Height and width.
        pixels: Whether values run from 0 to 255; else they are normalised.
        seed: Of the random numbers.
    """
    generator = torch.Generator().manual_seed(seed)
    shape = (batch, 3, *size)
    if pixels:
        return torch.randint(256, shape, generator=generator).float()
    return torch.randn(shape, generator=generator)


def measure_difference(run: Run, reference: Run, batches: list[Tensor]) -> Difference:
    """Compares two functions from pictures to logits.

    Raises:
        ExportError: If they differ in shape, or a logit is no number.
    """
    largest = scale = 0.0
    for image in batches:
        found, expected = run(image), reference(image)
        if found.shape != expected.shape:
            raise ExportError(
                f'gives logits of shape {tuple(found.shape)}, PyTorch {tuple(expected.shape)}'
            )
        if not torch.isfinite(found).all():
            raise ExportError('gives logits that are no numbers')
        largest = max(largest, float((found - expected).abs().max()))
        scale = max(scale, float(expected.abs().max()))
    return Difference(largest, scale)


def check_difference(difference: Difference, tolerance: float) -> None:
    """Raises ExportError if logits differ by more than ``tolerance`` times the largest."""
    if not difference.relative <= tolerance:
        raise ExportError(
            f'differs from PyTorch by {difference.largest:.1e} in logits of up to '
            f'{difference.scale:.3g}, by more than --tolerance {tolerance:g} of these'
        )
