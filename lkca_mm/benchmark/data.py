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
    stages = _stages(dataset, collate)
    times: dict[str, list[float]] = {name: [] for name, _ in stages}
    for _ in range(rounds + 1):
        batches = _in_batches(order.integers(0, len(dataset), images), loader.batch_size)
        begin = time.process_time()
        for batch in batches:
            collate(_fetch(dataset, batch))
        rates.append(images / (time.process_time() - begin))
        for name, seconds in _time_stages(stages, batches).items():
            times[name].append(1e6 * seconds / images)
    return {
        'batch_size': loader.batch_size,
        'images': images,
        'images_per_second': float(np.median(rates[1:])),
        'microseconds': {name: float(np.median(each[1:])) for name, each in times.items()},
    }


def _stages(
    dataset: BaseDataset, collate: Callable[[Samples], Any]
) -> list[tuple[str, Callable[[Any], Any]]]:
    """Returns what a batch goes through, by name, from its numbers to its tensors."""

    def over_samples(transform: Callable[[Any], Any]) -> Callable[[Samples], Samples]:
        return lambda samples: [transform(sample) for sample in samples]

    transforms = getattr(getattr(dataset, 'pipeline', None), 'transforms', [])
    return [
        ('reading', over_samples(dataset.get_data_info)),
        *((_stage_name(transform), over_samples(transform)) for transform in transforms),
        ('collating', collate),
    ]


def _time_stages(
    stages: list[tuple[str, Callable[[Any], Any]]], batches: list[list[int]]
) -> dict[str, float]:
    """Returns the seconds that each stage takes for all batches; equal names add up."""
    spent = {name: 0.0 for name, _ in stages}
    for batch in batches:
        for name, stage in stages:
            begin = time.process_time()
            batch = stage(batch)
            spent[name] += time.process_time() - begin
    return spent
