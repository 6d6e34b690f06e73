"""Weights & Biases without the source code."""

from typing import Any

from mmengine.config import Config
from mmengine.registry import VISBACKENDS
from mmengine.visualization import WandbVisBackend


@VISBACKENDS.register_module()
class CodelessWandbVisBackend(WandbVisBackend):
    """mmengine's backend, which otherwise uploads every ``.py`` file below the current folder.

    In a checkout that holds an environment, those are the files of all its packages.
    """

    def add_config(self, config: Config, **kwargs: Any) -> None:
        """Sends the config."""
        # Reading `experiment` starts the run, which fills in `_init_kwargs`.
        run = self.experiment
        change = (self._init_kwargs or {}).get('allow_val_change', False)
        run.config.update(config.to_dict(), allow_val_change=change)
