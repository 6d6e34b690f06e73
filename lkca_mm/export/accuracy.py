"""Top-1 accuracy on a config's test set: of the model, and of files made of it."""

from collections.abc import Callable
from typing import Any

import torch
from mmengine.config import Config
from mmengine.dataset import pseudo_collate
from mmengine.registry import DATASETS
from torch import Tensor, nn

from lkca_mm.engine.run_config import check_data
from lkca_mm.errors import ConfigError
from lkca_mm.export.normalization import Normalization, pipeline_of, step_name
from lkca_mm.inference.metainfo import find_test_dataset

_BATCH = 250


def open_test_set(config: Config, steps: list[dict] | None = None) -> Any:
    """Builds the test set, with its own pipeline or another one.

    Raises:
        ConfigError: If the config has none.
        DataError: If its files are missing.
    """
    settings = dict(find_test_dataset(config))
    if 'type' not in settings:
        raise ConfigError(f'{config.filename}: has no test_dataloader.dataset to score on')
    check_data(config, ('test_dataloader',))
    if steps is not None:
        settings['pipeline'] = steps
    with DATASETS.switch_scope_and_registry(None) as registry:
        return registry.build(settings)


@torch.no_grad()
def score_network(network: nn.Module, config: Config) -> float:
    """Returns the top-1 accuracy of the model itself in percent, by its own pipeline."""
    dataset = open_test_set(config)
    correct = 0
    for start in range(0, len(dataset), _BATCH):
        items = [dataset[index] for index in range(start, min(start + _BATCH, len(dataset)))]
        for sample in network.test_step(pseudo_collate(items)):
            correct += int(sample.pred_label == sample.gt_label)
    return 100 * correct / len(dataset)


def score_file(
    run: Callable[[Tensor], Tensor],
    network: nn.Module,
    config: Config,
    normalization: Normalization,
    pixels: bool,
    batch: int = 1,
) -> float:
    """Returns the top-1 accuracy of an exported classifier in percent.

    Args:
        run: From pictures to logits.
        network: The model, for its preprocessor.
        config: Its config.
        normalization: What :func:`find_normalization` found.
        pixels: Whether the file takes values from 0 to 255: the pictures as they are in
            the data set. Otherwise pipeline and preprocessor normalise them.
        batch: Pictures at once. It matters for dynamic quantisation, whose scale is
            that of the whole batch.

    Raises:
        ConfigError: If ``batch`` does not divide the test set.
    """
    steps = pipeline_of(config)
    if pixels:
        steps = [step for step in steps if step_name(step) != 'Normalize']
    dataset = open_test_set(config, steps)
    if len(dataset) % batch:
        raise ConfigError(f'--batch {batch}: does not divide the {len(dataset)} pictures to score')
    correct = 0
    for start in range(0, len(dataset), batch):
        items = [dataset[index] for index in range(start, start + batch)]
        if pixels:
            image = torch.stack([item['inputs'] for item in items]).float()
            image = image.flip(1).contiguous() if normalization.swapped else image
        else:
            image = network.data_preprocessor(pseudo_collate(items))['inputs']
        labels = torch.cat([item['data_samples'].gt_label for item in items])
        correct += int((run(image).argmax(1) == labels).sum())
    return 100 * correct / len(dataset)
