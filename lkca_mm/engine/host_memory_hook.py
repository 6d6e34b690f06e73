"""Memory in the log line where there is no GPU to report its own."""

import sys
from typing import Any

try:
    import resource
except ImportError:  # Windows
    resource = None

from mmengine.device import is_cuda_available
from mmengine.hooks import Hook
from mmengine.registry import HOOKS


@HOOKS.register_module()
class HostMemoryHook(Hook):
    """Logs the peak resident memory of the process, in MiB, when training on a CPU.

    mmengine's log line says ``memory`` for CUDA devices alone.
    """

    priority = 'VERY_HIGH'

    def __init__(self) -> None:
        # Asked once: without a GPU it takes longer than all the rest of this hook.
        self._measures = resource is not None and not is_cuda_available()

    def after_train_iter(self, runner: Any, *args: Any, **kwargs: Any) -> None:
        """Adds ``memory`` to what the logger prints."""
        if not self._measures:
            return
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        # Linux counts in KiB, macOS in bytes.
        mebibytes = peak / 2**20 if sys.platform == 'darwin' else peak / 2**10
        runner.message_hub.update_scalar('train/memory', mebibytes)
