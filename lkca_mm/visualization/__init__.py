"""Drawing what models predict, see and learn. Importing it registers a hook and a backend."""

from lkca_mm.visualization.predictions import SideBySideHook
from lkca_mm.visualization.wandb_backend import CodelessWandbVisBackend

__all__ = ['CodelessWandbVisBackend', 'SideBySideHook']
