"""Compiles the backbone before training."""

from typing import Any

from mmengine.device import is_cuda_available
from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper
from mmengine.registry import HOOKS

from lkca_mm.errors import ConfigError


@HOOKS.register_module()
class CompileHook(Hook):
    """Runs the model's backbone through ``torch.compile``, as one graph.

    The rest of a model, its losses and mmengine's loop read numbers and lists, which
    break a graph; the backbone is where the time goes. State dicts stay as they are.

    Args:
        mode: As for ``torch.compile``; None is ``'reduce-overhead'`` on a GPU, which
            records CUDA graphs, and ``'default'`` elsewhere.
        backend: As for ``torch.compile``.
        fullgraph: Whether a break in the graph is an error. Backbones of this package
            have none; others may.
    """

    def __init__(
        self, mode: str | None = None, backend: str = 'inductor', fullgraph: bool = True
    ) -> None:
        self.settings: dict[str, Any] = {'backend': backend, 'fullgraph': fullgraph}
        if backend == 'inductor':  # the others have no modes
            self.settings['mode'] = mode or (
                'reduce-overhead' if is_cuda_available() else 'default'
            )

    def before_train(self, runner: Any) -> None:
        """Compiles; the work is done when the first batch arrives.

        Raises:
            ConfigError: If the model has no backbone.
        """
        model = runner.model.module if is_model_wrapper(runner.model) else runner.model
        if not hasattr(model, 'backbone'):
            raise ConfigError(
                f'{type(model).__name__} has no backbone to compile; train it without --compile'
            )
        model.backbone.compile(**self.settings)
