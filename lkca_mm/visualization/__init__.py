"""Pictures of what models see and have learned, and where runs are shown."""

from lkca_mm.visualization.hook import SideBySideHook
from lkca_mm.visualization.overlay import blend_mask
from lkca_mm.visualization.palette import default_palette
from lkca_mm.visualization.panels import draw_segmentation, side_by_side
from lkca_mm.visualization.png import save_png
from lkca_mm.visualization.region_labels import label_regions
from lkca_mm.visualization.wandb_backend import CodelessWandbVisBackend

__all__ = [
    'CodelessWandbVisBackend',
    'SideBySideHook',
    'blend_mask',
    'default_palette',
    'draw_segmentation',
    'label_regions',
    'save_png',
    'side_by_side',
]
