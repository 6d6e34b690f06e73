"""Notes losses without waiting for the device at every iteration."""

from typing import Any

from mmengine.hooks import RuntimeInfoHook
from mmengine.logging import HistoryBuffer
from mmengine.registry import HOOKS
from torch import Tensor

from lkca_mm.engine.history import RunHistory


@HOOKS.register_module()
class DeferredRuntimeInfoHook(RuntimeInfoHook):
    """mmengine's hook, with histories that are read only when somebody asks.

    mmengine turns every loss into a number at once, so the host waits for the GPU
    in each iteration and prepares nothing ahead of it. Here the logger's interval
    is the only wait. It stands in ``default_hooks.runtime_info``.
    """

    def before_train_iter(self, runner: Any, *args: Any, **kwargs: Any) -> None:
        """Does what mmengine's hook does; histories that are new become :class:`RunHistory`."""
        super().before_train_iter(runner, *args, **kwargs)
        scalars = runner.message_hub.log_scalars
        for name, history in scalars.items():
            if type(history) is HistoryBuffer:
                scalars[name] = RunHistory(*history.data, max_length=history.max_length)

    def after_train_iter(
        self,
        runner: Any,
        batch_idx: int,
        data_batch: Any = None,
        outputs: dict[str, Any] | None = None,
    ) -> None:
        """Notes the model's losses; tensors wait on their device."""
        hub = runner.message_hub
        for name, value in (outputs or {}).items():
            history = hub.log_scalars.get(f'train/{name}')
            if isinstance(history, RunHistory) and isinstance(value, Tensor):
                history.update_later(value)
            else:  # the first value: the hub makes the history
                hub.update_scalar(f'train/{name}', value)
