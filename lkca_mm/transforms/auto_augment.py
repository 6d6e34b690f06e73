"""AutoAugment as torchvision has it, in a pipeline of mmpretrain."""

from typing import Any

from mmcv.transforms import BaseTransform
from mmpretrain.registry import TRANSFORMS
from torch import Tensor
from torchvision.transforms import AutoAugment, AutoAugmentPolicy, InterpolationMode

from lkca_mm.errors import ConfigError

POLICIES = tuple(policy.value for policy in AutoAugmentPolicy)


class _FixedSizeAutoAugment(AutoAugment):
    """AutoAugment that lists the magnitudes of its operations once for each image size.

    torchvision does so for every image, which takes a third of its time on small ones.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._spaces: dict[tuple, dict[str, tuple[Tensor, bool]]] = {}

    def _augmentation_space(
        self, num_bins: int, image_size: tuple[int, int]
    ) -> dict[str, tuple[Tensor, bool]]:
        key = (num_bins, *image_size)
        if key not in self._spaces:
            self._spaces[key] = super()._augmentation_space(num_bins, image_size)
        return self._spaces[key]


@TRANSFORMS.register_module()
class TorchvisionAutoAugment(BaseTransform):
    """torchvision's AutoAugment with one of its policies.

    Required and modified key: ``img``, a PIL image (``NumpyToPIL`` makes one).

    Args:
        policy: ``'cifar10'``, ``'svhn'`` or ``'imagenet'``.
        fill: Grey value or RGB, 0 to 255, of the area that a rotation or a shear
            leaves empty.
        interpolation: ``'nearest'`` (torchvision's default) or ``'bilinear'``.

    Raises:
        ConfigError: If the policy or the interpolation is unknown.
    """

    def __init__(
        self,
        policy: str,
        fill: int | list[int] = 128,
        interpolation: str = 'nearest',
    ) -> None:
        if policy not in POLICIES:
            raise ConfigError(f'AutoAugment policy={policy!r} must be one of {POLICIES}')
        if interpolation not in ('nearest', 'bilinear'):
            raise ConfigError(f'interpolation={interpolation!r} must be nearest or bilinear')
        self.policy = policy
        self.fill = [fill] * 3 if isinstance(fill, int) else list(fill)
        self.interpolation = interpolation
        self.augment = _FixedSizeAutoAugment(
            AutoAugmentPolicy(policy), InterpolationMode(interpolation), self.fill
        )

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        """Augments the image."""
        results['img'] = self.augment(results['img'])
        return results

    def __repr__(self) -> str:
        return (
            f'{type(self).__name__}(policy={self.policy}, fill={self.fill}, '
            f'interpolation={self.interpolation})'
        )
