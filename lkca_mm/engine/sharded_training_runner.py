"""mmengine's flexible runner, for models that are too large for one device."""

from pathlib import Path
from typing import Any

import torch
from mmengine.config import Config
from mmengine.dist import barrier, is_main_process
from mmengine.registry import RUNNERS
from mmengine.runner import FlexibleRunner

from lkca_mm.engine.durable_training import DurableTraining
from lkca_mm.engine.whole_checkpoint import whole_checkpoint
from lkca_mm.errors import ConfigError


@RUNNERS.register_module()
class ShardedTrainingRunner(DurableTraining, FlexibleRunner):
    """Trains a config that has a ``strategy``, by which several processes share one model.

    With mmengine's ``FSDPStrategy`` each process holds a part of the weights' gradients and
    of the optimiser's state (``sharding_strategy='SHARD_GRAD_OP'``, stage 2 of ZeRO), or of
    the weights too (``'FULL_SHARD'``, stage 3). Checkpoints hold the whole model and its
    whole optimiser, so that any number of processes goes on from them.

    Attributes:
        saves_together: That all processes have to take part in saving.
    """

    saves_together = True

    @property
    def deterministic(self) -> bool:
        """Whether the config asks for it; mmengine's own answer reads what it never set."""
        return bool(self._randomness_cfg.get('deterministic', False))

    @classmethod
    def from_cfg(cls, cfg: Config) -> 'ShardedTrainingRunner':
        """Makes a runner of a config.

        Args:
            cfg: The config, as :func:`~lkca_mm.engine.run_config.set_launcher` left it.

        Raises:
            ConfigError: If its strategy cannot be used here.
        """
        strategy = cfg.strategy
        if strategy.get('type') == 'FSDPStrategy':
            _prepare_fsdp(cfg)
        elif not torch.cuda.is_available():
            raise ConfigError(
                f'{cfg.filename}: strategy.type={strategy.get("type")!r} needs a GPU; '
                "'FSDPStrategy' does without"
            )
        runner = super().from_cfg(cfg)
        # Built here rather than when training begins: a checkpoint is compared with it before.
        runner.model = runner.strategy.build_model(runner.model)
        return runner

    def resume(self, filename: str, *args: Any, **kwargs: Any) -> None:
        """Goes on from a checkpoint, which each process takes its part of; see the base."""
        # The whole state of all processes: only the part that is theirs goes to a device.
        super().resume(filename, *args, **{**kwargs, 'map_location': 'cpu'})

    def save_checkpoint(self, out_dir: str, filename: str, *args: Any, **kwargs: Any) -> None:
        """Collects the parts of all processes; the first one writes them.

        Args:
            out_dir: The folder.
            filename: The name of the file.
            *args: As for mmengine's method.
            **kwargs: As for mmengine's method.

        Raises:
            CheckpointError: If it cannot be written, for example to a full disk.
        """
        with whole_checkpoint(Path(out_dir) / filename, writes=is_main_process()) as part:
            super().save_checkpoint(str(out_dir), part.name, *args, **kwargs)
        barrier()  # nobody looks for the file before it has its name


def _prepare_fsdp(config: Config) -> None:
    """Completes an FSDP strategy's settings.

    Raises:
        ConfigError: If it keeps its checkpoints in parts.
    """
    strategy = config.strategy
    if config.launcher == 'none':
        raise ConfigError(
            f'{config.filename}: FSDPStrategy shares a model among processes; start it with '
            'tools/dist_train.sh CONFIG GPUS'
        )
    if strategy.pop('state_dict_cfg', 'full') != 'full':
        raise ConfigError(
            f"{config.filename}: strategy.state_dict_cfg must be 'full': checkpoints in parts "
            'go with one number of processes alone'
        )
    strategy.type = 'ResumableFSDPStrategy'
