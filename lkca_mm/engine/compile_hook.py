"""Compiles the backbone for training."""

from types import MethodType
from typing import Any

import torch
from mmengine.device import is_cuda_available
from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper
from mmengine.registry import HOOKS
from torch import nn


@HOOKS.register_module()
class CompileHook(Hook):
    """Runs the backbone through ``torch.compile`` in training; evaluation stays eager.

    The rest of a model, its losses and mmengine's loop read numbers and lists, which break a
    graph. Evaluation meets images of many sizes, each of which would need a graph of its own,
    and its folded kernels are faster than a compiled training path. State dicts stay as they are.

    Args:
        mode: As for ``torch.compile``; None is ``'reduce-overhead'`` on a GPU, which records
            CUDA graphs, and ``'default'`` elsewhere.
        backend: As for ``torch.compile``.
        fullgraph: Whether a break in the graph, or the ninth size of training images, is an
            error; if not, that part runs eagerly.
    """

    def __init__(
        self, mode: str | None = None, backend: str = 'inductor', fullgraph: bool = False
    ) -> None:
        # The few sizes of training, such as an epoch's short last batch, have a graph each;
        # inductor failed on a CPU to make one of dynamic size (PyTorch 2.11).
        self.settings: dict[str, Any] = dict(backend=backend, fullgraph=fullgraph, dynamic=False)
        if backend == 'inductor':  # the others have no modes
            self.settings['mode'] = mode or (
                'reduce-overhead' if is_cuda_available() else 'default'
            )

    def before_train(self, runner: Any) -> None:
        """Compiles the backbone; the work is done when the first batch arrives."""
        self.compile(runner.model.module if is_model_wrapper(runner.model) else runner.model)

    def compile(self, model: nn.Module) -> None:
        """Compiles the backbone of a model for training."""
        eager = type(model.backbone).forward
        compiled = torch.compile(eager, **self.settings)

        def forward(backbone: nn.Module, *args: Any, **kwargs: Any) -> Any:
            return (compiled if backbone.training else eager)(backbone, *args, **kwargs)

        # A bound method, so that a deep copy of the model runs the copy's own weights.
        model.backbone.forward = MethodType(forward, model.backbone)
