"""A bare training step: forward, loss, backward and optimizer, and nothing else."""

from typing import Any

from mmengine.model import is_model_wrapper
from mmengine.optim import OptimWrapper
from torch import nn


class TrainingStep:
    """Trains on one batch that lies ready on the device, without a runner or hooks.

    Args:
        model: A model of OpenMMLab.
        optim_wrapper: Its optimizer; the wrapper brings mixed precision.
        batch: ``inputs`` and ``data_samples`` as they leave the data preprocessor.
    """

    def __init__(
        self, model: nn.Module, optim_wrapper: OptimWrapper, batch: dict[str, Any]
    ) -> None:
        self.model = model
        self.plain = model.module if is_model_wrapper(model) else model
        self.optim_wrapper = optim_wrapper
        self.batch = batch

    def __call__(self) -> None:
        """Takes one step."""
        with self.optim_wrapper.optim_context(self.model):
            losses = self.model(**self.batch, mode='loss')
        loss, _ = self.plain.parse_losses(losses)
        self.optim_wrapper.backward(loss)
        self.optim_wrapper.step()
        self.optim_wrapper.zero_grad()
