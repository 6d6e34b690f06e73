"""LKCA-MM: Large Kernel Convolutional Attention for OpenMMLab.

Importing the package registers its backbones, data sets, transforms, metrics, loops and hooks;
a config does so with ``custom_imports = dict(imports=['lkca_mm'])``. Drawing, preparing data,
exporting, benchmarks and the paper's tables are imported by those who need them.
"""

import contextlib
import io

from lkca_mm.installation import check_installation
from lkca_mm.version import __version__

# Before anything that imports mmengine, mmcv, mmseg or mmpretrain.
check_installation()

# The forks of mmseg and mmpretrain print, at import, that there is no package called OneDL.
with contextlib.redirect_stdout(io.StringIO()):
    import mmpretrain.datasets  # noqa: F401
    import mmseg.datasets  # noqa: F401

from mmengine.config.utils import MODULE2PACKAGE  # noqa: E402

from lkca_mm import datasets, engine, evaluation, models, visualization  # noqa: E402
from lkca_mm.config import get_config  # noqa: E402

# mmengine's table of packages whose configs `mmengine.hub.get_config` finds.
MODULE2PACKAGE.setdefault('lkca_mm', 'lkca_mm')

__all__ = [
    '__version__',
    'datasets',
    'engine',
    'evaluation',
    'get_config',
    'models',
    'visualization',
]
