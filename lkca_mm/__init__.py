"""LKCA-MM: Large Kernel Convolutional Attention for OpenMMLab.

Importing the package registers its backbones, data sets, transforms, metrics and
hooks; a config does so with ``custom_imports = dict(imports=['lkca_mm'])``. From then on
``Config.fromfile('lkca_mm::upernet_lkca-s_ade20k_20k.py')`` reads a config that came with
the package, from any folder.
"""

import contextlib
import io

from lkca_mm.installation import check_installation
from lkca_mm.version import __version__

# Before anything that imports mmengine, mmcv, mmseg or mmpretrain.
check_installation()

# The fork of mmseg prints, at import, that it found no package called OneDL.
with contextlib.redirect_stdout(io.StringIO()):
    import mmseg.datasets  # noqa: F401

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
