"""What happens to a picture's values between its file and the network."""

from dataclasses import dataclass

from mmengine.config import Config
from mmengine.registry import TRANSFORMS
from torch import nn

from lkca_mm.inference.metainfo import find_test_dataset


@dataclass(frozen=True)
class Normalization:
    """The network takes ``(values - mean) / std`` of values from 0 to 255.

    Attributes:
        mean: Of each channel, in the network's order.
        std: Of each channel, in the network's order.
        channels: The network's order, ``'RGB'`` or ``'BGR'``.
        swapped: Whether that is the other order than the one that the pictures are
            loaded in.
    """

    mean: tuple[float, ...]
    std: tuple[float, ...]
    channels: str
    swapped: bool


def step_name(step: dict) -> str:
    """Returns the name of a transform's class without its module."""
    kind = step['type']
    return kind.rpartition('.')[2] if isinstance(kind, str) else kind.__name__


def pipeline_of(config: Config) -> list[dict]:
    """Returns the steps of the test pipeline; none where the config has none."""
    return list(find_test_dataset(config).get('pipeline') or config.get('test_pipeline') or [])


def find_normalization(config: Config, network: nn.Module) -> Normalization:
    """Puts together what the test pipeline and the data preprocessor do.

    Pictures that a pipeline reads from files are BGR, as everywhere in OpenMMLab;
    those of a data set that has them in memory, such as CIFAR, are RGB.

    Args:
        config: The config; its default scope is active.
        network: Its model, with a ``data_preprocessor``.

    Returns:
        What has to be done to the picture, in one step.
    """
    mean, std, swapped = [0.0] * 3, [1.0] * 3, False
    steps = pipeline_of(config)
    loads = not steps or any(step_name(step).startswith('Load') for step in steps)
    for step in steps:
        if step_name(step) == 'Normalize':
            # Built, so that what the step leaves out has its own default.
            with TRANSFORMS.switch_scope_and_registry(None) as registry:
                built = registry.build(step)
            if built.to_rgb:
                mean, std, swapped = mean[::-1], std[::-1], not swapped
            mean, std = _compose(mean, std, built.mean.ravel(), built.std.ravel())
    last = network.data_preprocessor
    names = ('channel_conversion', '_channel_conversion', 'to_rgb')
    if any(getattr(last, name, False) for name in names):
        mean, std, swapped = mean[::-1], std[::-1], not swapped
    if getattr(last, '_enable_normalize', False):
        mean, std = _compose(mean, std, last.mean.flatten(), last.std.flatten())
    channels = 'BGR' if loads != swapped else 'RGB'
    return Normalization(tuple(mean), tuple(std), channels, swapped)


def _compose(mean: list, std: list, next_mean: list, next_std: list) -> tuple[list, list]:
    """Returns mean and std of two normalisations, one after the other."""
    mean = [m + s * float(n) for m, s, n in zip(mean, std, next_mean, strict=True)]
    return mean, [s * float(n) for s, n in zip(std, next_std, strict=True)]
