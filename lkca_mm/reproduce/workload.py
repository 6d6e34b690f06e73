"""How much a run has to compute."""

from dataclasses import dataclass
from math import ceil

from mmengine.config import Config

from lkca_mm.paper import load_models
from lkca_mm.reproduce.selection import Experiment

# Pictures of the whole data sets: for training, and for scoring.
PICTURES = {
    'cifar10': (50_000, 10_000),
    'cifar100': (50_000, 10_000),
    'svhn': (73_257, 26_032),
    'tiny-imagenet': (100_000, 10_000),
    'ade20k': (20_210, 2_000),
}


@dataclass(frozen=True)
class Workload:
    """What a run computes from its start to its end.

    Attributes:
        iterations: Training steps.
        multiply_adds: Of all training and scoring, by the paper's count of the model.
    """

    iterations: int
    multiply_adds: float


def workload_of(config: Config, experiment: Experiment) -> Workload:
    """Counts a run's iterations and multiply-adds.

    A training step counts three times its forward pass: the backward pass is two
    more products for each one.

    Args:
        config: The config, with the changes of the schedule.
        experiment: What it trains.
    """
    trained, scored = (
        config[loader].dataset.get('indices') or pictures
        for loader, pictures in zip(
            ('train_dataloader', 'val_dataloader'), PICTURES[experiment.dataset], strict=True
        )
    )
    batch, loop = config.train_dataloader.batch_size, config.train_cfg
    if 'max_iters' in loop:
        iterations = length = loop.max_iters
    else:
        length = loop.max_epochs
        iterations = length * (loop.get('passes_per_epoch', 1) * trained // batch)
    validations = ceil(length / loop.get('val_interval', 1))
    forward = load_models()[experiment.stem].mflops * 1e6
    pictures = 3 * iterations * batch + validations * scored
    return Workload(iterations, forward * pictures)
