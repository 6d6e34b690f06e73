"""mmengine's runner with checkpoints that are whole or absent."""

from pathlib import Path
from typing import Any

from mmengine.dist import master_only
from mmengine.registry import RUNNERS
from mmengine.runner import Runner
from torch import nn

from lkca_mm.engine.hooks import InterruptHook
from lkca_mm.errors import CheckpointError
from lkca_mm.files import written_whole


@RUNNERS.register_module()
class TrainingRunner(Runner):
    """Trains a config as mmengine does; a run that is killed while it saves loses nothing."""

    def train(self) -> nn.Module:
        """Trains to the end of the schedule, or to what :class:`InterruptHook` was asked for."""
        try:
            return super().train()
        except Exception as error:
            # SIGTERM may have ended the data workers while the loop waited for them or took a
            # batch out of their memory.
            for hook in self.hooks:
                if isinstance(hook, InterruptHook):
                    if isinstance(error, (RuntimeError, OSError, EOFError)):
                        hook.after_worker_error(self)
                    hook.after_train(self)  # a notebook goes on, and Ctrl-C is its own again
            raise

    @master_only
    def save_checkpoint(self, out_dir: str, filename: str, *args: Any, **kwargs: Any) -> None:
        """Writes a checkpoint beside its place and renames it once it is on the disk.

        Raises:
            CheckpointError: If it cannot be written, for example to a full disk.
        """
        path = Path(out_dir) / filename
        try:
            with written_whole(path) as part:
                super().save_checkpoint(str(out_dir), part.name, *args, **kwargs)
        except OSError as error:
            raise CheckpointError(
                f'{path}: cannot be written ({error.strerror or error}); the checkpoints before '
                'it are intact: make room and go on with --resume'
            ) from error
