"""The classifiers of the package vit-pytorch as an mmpretrain backbone."""

from importlib import import_module
from inspect import signature
from typing import Any

from mmengine.model import BaseModule
from mmpretrain.registry import MODELS
from torch import Tensor, nn

from lkca_mm.errors import ConfigError, InstallationError

# Where vit-pytorch keeps each; the rivals of the paper's Tables 4 and 5.
_MODULES = {
    'CaiT': 'cait',
    'CrossViT': 'cross_vit',
    'CvT': 'cvt',
    'DeepViT': 'deepvit',
    'MobileViT': 'mobile_vit',
    'RegionViT': 'regionvit',
    'RvT': 'rvt',
    'T2TViT': 't2t',
    'TwinsSVT': 'twins_svt',
    'XCiT': 'xcit',
}
INSTALL_COMMAND = "pip install 'vit-pytorch>=1.26.11,<2'"


def _find_model(name: str) -> type[nn.Module]:
    if name not in _MODULES:
        raise ConfigError(f'model_name={name!r} is unknown; use one of {", ".join(_MODULES)}')
    try:
        return getattr(import_module(f'vit_pytorch.{_MODULES[name]}'), name)
    except ModuleNotFoundError as error:
        raise InstallationError(
            f'model_name={name!r} needs the package vit-pytorch ({error}); type: {INSTALL_COMMAND}'
        ) from error


def _as_tuple(value: Any) -> Any:
    """Turns lists into tuples, which is all that vit-pytorch takes."""
    return tuple(map(_as_tuple, value)) if isinstance(value, (list, tuple)) else value


@MODELS.register_module()
class VitPytorchBackbone(BaseModule):
    """A classifier of vit-pytorch, which ends in logits; ``ClsHead`` takes them as they are.

    Nothing is added: architecture, start and dropout are vit-pytorch's. It has no
    stochastic depth.

    Args:
        model_name: ``'CaiT'``, ``'CrossViT'``, ``'CvT'``, ``'DeepViT'``,
            ``'MobileViT'``, ``'RegionViT'``, ``'RvT'``, ``'T2TViT'``, ``'TwinsSVT'``
            or ``'XCiT'``.
        img_size: Height and width of the images, in pixels. CvT, RegionViT and
            TwinsSVT take images of any size that they can divide.
        num_classes: Number of classes.
        init_cfg: Initialisation, as in every mmengine module.
        **settings: The model's own settings, named as vit-pytorch names them.

    Raises:
        InstallationError: If vit-pytorch is not installed.
        ConfigError: If the model or a setting is unknown, or cannot work.
    """

    def __init__(
        self,
        model_name: str,
        img_size: int,
        num_classes: int,
        init_cfg: dict[str, Any] | list[dict[str, Any]] | None = None,
        **settings: Any,
    ) -> None:
        super().__init__(init_cfg=init_cfg)
        model = _find_model(model_name)
        if 'image_size' in signature(model).parameters:
            size = (img_size, img_size) if model_name == 'MobileViT' else img_size
            settings['image_size'] = size
        settings = {key: _as_tuple(value) for key, value in settings.items()}
        try:
            self.model = model(num_classes=num_classes, **settings)
        except (AssertionError, TypeError) as error:  # which name no model
            raise ConfigError(f'{model_name}: {error}') from error

    def forward(self, image: Tensor) -> tuple[Tensor]:
        """Classifies images.

        Args:
            image: Images of shape (B, 3, img_size, img_size).

        Returns:
            Logits of shape (B, num_classes), alone in a tuple.
        """
        return (self.model(image),)
