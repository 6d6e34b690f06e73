"""Training steps and inference of whole models: images a second and peak memory."""

from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import torch
from mmengine.config import Config
from mmengine.optim import build_optim_wrapper
from torch import Tensor, nn

from lkca_mm.benchmark.memory import bytes_of, measure_memory
from lkca_mm.benchmark.random_batch import random_batch
from lkca_mm.benchmark.step import TrainingStep
from lkca_mm.benchmark.timing import interleaved_medians
from lkca_mm.inference.network import build_network


class _Case:
    """One model in one precision, run as it is or compiled."""

    def __init__(
        self, config: Config, batch_size: int, device: str, amp: bool, compiled: bool
    ) -> None:
        torch.manual_seed(0)
        # A copy in depth: building writes into the settings of the batch augmentations.
        settings = Config(config.to_dict())
        self.model = build_network(settings).to(device)
        if compiled:
            # As mmengine does for `compile = True` in a config; what Dynamo cannot
            # trace, such as the data samples, runs as it is.
            self.model.forward = torch.compile(self.model.forward)
        wrapper = settings.optim_wrapper
        wrapper.type = 'BFloat16OptimWrapper' if amp else 'OptimWrapper'
        self.batch = random_batch(config, batch_size, device)
        self.autocast = torch.autocast(device.split(':')[0], torch.bfloat16) if amp else None
        self.step = TrainingStep(self.model, build_optim_wrapper(self.model, wrapper), self.batch)

    def train(self) -> None:
        """Takes a training step."""
        self.model.train()
        self.step()

    @torch.no_grad()
    def infer(self) -> None:
        """Computes the logits of the batch."""
        self.model.eval()
        with self.autocast or nullcontext():
            self.model(self.batch['inputs'], mode='tensor')

    def lasting_bytes(self) -> int:
        """Returns the bytes of weights, buffers, optimizer and batch."""
        return bytes_of(self.batch['inputs'], *_tensors(self.model, self.step.optim_wrapper))


def _tensors(model: nn.Module, optim_wrapper: Any) -> list[Tensor]:
    state = optim_wrapper.optimizer.state.values()
    moments = [value for values in state for value in values.values() if torch.is_tensor(value)]
    return [*model.parameters(), *model.buffers(), *moments]


def benchmark_models(
    configs: dict[str, Config],
    batch_size: int,
    device: str = 'cpu',
    precisions: tuple[str, ...] = ('fp32',),
    modes: tuple[str, ...] = ('eager',),
    rounds: int = 5,
) -> list[dict[str, Any]]:
    """Measures models beside each other on random pictures, round after round.

    A training step is forward, loss, backward and optimizer; data, preprocessing
    and the runner are left out. Inference ends with the logits. Peak memory is of
    one training step: weights, optimizer and batch, and what
    :func:`measure_memory` finds on top.

    Args:
        configs: Segmentation or classification configs, by name.
        batch_size: Pictures in a batch.
        device: ``'cpu'`` or a CUDA device.
        precisions: ``'fp32'`` and ``'bf16'``, the latter by autocast.
        modes: ``'eager'`` and ``'compile'``, the latter ``torch.compile``.
        rounds: Counted rounds, after one that is not counted.

    Returns:
        One dict a config, precision and mode: ``train_images_per_second`` and
        ``infer_images_per_second`` (of the median round), ``train_peak_mib``, and
        ``params``.
    """
    cases = {
        (name, precision, mode): _Case(
            config, batch_size, device, precision == 'bf16', mode == 'compile'
        )
        for name, config in configs.items()
        for precision in precisions
        for mode in modes
    }
    runs: dict[tuple[str, ...], Callable[[], object]] = {}
    for key, case in cases.items():
        runs[(*key, 'train')] = case.train
        runs[(*key, 'infer')] = case.infer
    seconds = interleaved_medians(runs, rounds, device)
    results = []
    for key, case in cases.items():
        case.model.train()
        peak = case.lasting_bytes() + measure_memory(case.step, device).peak
        results.append(
            {
                'config': key[0],
                'precision': key[1],
                'mode': key[2],
                'batch_size': batch_size,
                'image_size': list(case.batch['inputs'].shape[2:]),
                'params': sum(p.numel() for p in case.model.parameters()),
                'train_images_per_second': batch_size / seconds[(*key, 'train')],
                'infer_images_per_second': batch_size / seconds[(*key, 'infer')],
                'train_peak_mib': peak / 2**20,
            }
        )
    return results
