"""Pictures a second through a training pipeline, on one core."""

import time
from collections.abc import Callable
from typing import Any

import numpy as np
from mmengine.config import Config
from mmengine.dataset import BaseDataset
from mmengine.registry import DATASETS, FUNCTIONS, init_default_scope

Samples = list[Any]


def _in_batches(indices: np.ndarray, batch_size: int) -> list[list[int]]:
    return [
        indices[start : start + batch_size].tolist() for start in range(0, len(indices), batch_size)
    ]


def _fetch(dataset: BaseDataset, indices: list[int]) -> Samples:
    """Returns a batch as PyTorch's loader would ask for it."""
    if hasattr(dataset, '__getitems__'):
        return dataset.__getitems__(indices)
    return [dataset[index] for index in indices]


def _stage_name(transform: Any) -> str:
    # mmpretrain wraps torchvision's transforms and keeps the real one in `t`.
    return type(getattr(transform, 't', transform)).__name__


def benchmark_data(config: Config, images: int, rounds: int) -> dict[str, Any]:
    """Times a config's training pipeline in this process, without a model.

    The time is that of the processor, so what else runs on it takes little part.

    Args:
        config: A config with ``train_dataloader``.
        images: Pictures in a round, drawn at random.
        rounds: Counted rounds, after one that is not counted.

    Returns:
        The batch size, ``images_per_second`` of whole batches (pipeline and
        collating; the median round), and ``microseconds`` a picture of each
        stage, from reading to collating, when a batch goes through stage by stage.

    Raises:
        DataError: If the data is missing or damaged.
    """
    init_default_scope(config.get('default_scope', 'mmseg'))
    loader = config.train_dataloader
    dataset = DATASETS.build(loader.dataset)
    dataset.full_init()
    collate = FUNCTIONS.get((loader.get('collate_fn') or {'type': 'pseudo_collate'})['type'])
    order = np.random.default_rng(0)
    rates = []
    transforms = getattr(getattr(dataset, 'pipeline', None), 'transforms', [])
    names = ['reading', *(_stage_name(transform) for transform in transforms), 'collating']
    stages: dict[str, list[float]] = {name: [] for name in names}
    for _ in range(rounds + 1):
        batches = _in_batches(order.integers(0, len(dataset), images), loader.batch_size)
        begin = time.process_time()
        for batch in batches:
            collate(_fetch(dataset, batch))
        rates.append(images / (time.process_time() - begin))
        for name, seconds in _time_stages(dataset, batches, transforms, collate).items():
            stages[name].append(1e6 * seconds / images)
    return {
        'batch_size': loader.batch_size,
        'images': images,
        'images_per_second': float(np.median(rates[1:])),
        'microseconds': {name: float(np.median(times[1:])) for name, times in stages.items()},
    }


def _time_stages(
    dataset: BaseDataset,
    batches: list[list[int]],
    transforms: list[Any],
    collate: Callable[[Samples], Any],
) -> dict[str, float]:
    """Returns the seconds that each stage takes for all batches."""
    spent = {'reading': 0.0, 'collating': 0.0}
    for batch in batches:
        begin = time.process_time()
        samples: Samples = [dataset.get_data_info(index) for index in batch]
        spent['reading'] += time.process_time() - begin
        for transform in transforms:
            begin = time.process_time()
            samples = [transform(sample) for sample in samples]
            name = _stage_name(transform)
            spent[name] = spent.get(name, 0.0) + time.process_time() - begin
        begin = time.process_time()
        collate(samples)
        spent['collating'] += time.process_time() - begin
    return spent
