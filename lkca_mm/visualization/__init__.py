"""Drawing what models predict, see and learn. Importing it registers hooks and a backend."""

from lkca_mm.visualization.predictions import ImageScoresHook, SaveMasksHook, SideBySideHook
from lkca_mm.visualization.wandb_backend import CodelessWandbVisBackend

__all__ = ['CodelessWandbVisBackend', 'ImageScoresHook', 'SaveMasksHook', 'SideBySideHook']
