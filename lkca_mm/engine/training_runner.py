"""mmengine's runner, for runs that may be ended at any moment."""

from pathlib import Path
from typing import Any

from mmengine.dist import master_only
from mmengine.optim import OptimWrapper
from mmengine.registry import RUNNERS
from mmengine.runner import Runner

from lkca_mm.engine.checkpoint_form import check_optimizer
from lkca_mm.engine.durable_training import DurableTraining
from lkca_mm.engine.whole_checkpoint import whole_checkpoint


@RUNNERS.register_module()
class TrainingRunner(DurableTraining, Runner):
    """Trains a config so that nothing is lost when the process is killed."""

    def resume(self, filename: str, *args: Any, **kwargs: Any) -> None:
        """Goes on from a checkpoint, with an optimiser's state that fits; see the base."""
        super().resume(filename, *args, **kwargs)
        if isinstance(self.optim_wrapper, OptimWrapper):
            check_optimizer(self.optim_wrapper.optimizer, filename)

    @master_only
    def save_checkpoint(self, out_dir: str, filename: str, *args: Any, **kwargs: Any) -> None:
        """Saves a checkpoint beside its place and moves it there when it is on the disk.

        Args:
            out_dir: The folder.
            filename: The name of the file.
            *args: As for mmengine's method.
            **kwargs: As for mmengine's method.

        Raises:
            CheckpointError: If it cannot be written, for example to a full disk.
        """
        if '://' in str(out_dir):  # storage that is not a disk knows no half files
            super().save_checkpoint(out_dir, filename, *args, **kwargs)
            return
        with whole_checkpoint(Path(out_dir) / filename) as part:
            super().save_checkpoint(str(out_dir), part.name, *args, **kwargs)
