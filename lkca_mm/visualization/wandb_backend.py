"""Weights & Biases, without the code below the current folder."""

from typing import Any

from mmengine.config import Config
from mmengine.registry import VISBACKENDS
from mmengine.visualization import WandbVisBackend


@VISBACKENDS.register_module()
class CodelessWandbVisBackend(WandbVisBackend):
    """mmengine's backend, which sends the config and the values but no source files.

    mmengine's also collects every ``.py`` file below the current folder: of a checkout
    with an environment in it those are the files of all its packages.

    Args:
        **settings: Those of mmengine's ``WandbVisBackend``.
    """

    def add_config(self, config: Config, **kwargs: Any) -> None:
        """Notes the config."""
        # Asking for the experiment starts it, which sets the settings.
        run = self.experiment
        change = (self._init_kwargs or {}).get('allow_val_change', False)
        run.config.update(config.to_dict(), allow_val_change=change)
