"""LKCA-MM: Large Kernel Convolutional Attention for OpenMMLab.

Importing the package registers its backbones, data sets, transforms, metrics and
hooks; a config does so with ``custom_imports = dict(imports=['lkca_mm'])``.
"""

from lkca_mm.installation import check_installation
from lkca_mm.version import __version__

# Before anything that imports mmengine, mmcv, mmseg or mmpretrain.
check_installation()

from lkca_mm import datasets, engine, evaluation, models, transforms, visualization  # noqa: E402

__all__ = [
    '__version__',
    'datasets',
    'engine',
    'evaluation',
    'models',
    'transforms',
    'visualization',
]
