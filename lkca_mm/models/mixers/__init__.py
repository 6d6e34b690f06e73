"""Token mixers: what stands where a transformer has its attention."""

from lkca_mm.models.mixers.lkca import KERNEL_INITS, PROJECTIONS, LKCAMixer
from lkca_mm.models.mixers.mhsa import MHSAMixer
from lkca_mm.models.mixers.parallel import ParallelMixer

# The names that `mixers` takes in a config.
MIXERS = {'lkca': LKCAMixer, 'mhsa': MHSAMixer, 'lkca+mhsa': ParallelMixer}

__all__ = ['KERNEL_INITS', 'MIXERS', 'PROJECTIONS', 'LKCAMixer', 'MHSAMixer', 'ParallelMixer']
