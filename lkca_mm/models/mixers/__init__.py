"""Token mixers: what stands where a transformer has its attention."""

from lkca_mm.models.mixers.lkca import KERNEL_INITS, PROJECTIONS, LKCAMixer
from lkca_mm.models.mixers.mhsa import MHSAMixer

# The names that `mixers` takes in a config.
MIXERS = {'lkca': LKCAMixer, 'mhsa': MHSAMixer}

__all__ = ['KERNEL_INITS', 'MIXERS', 'PROJECTIONS', 'LKCAMixer', 'MHSAMixer']
