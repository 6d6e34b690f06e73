"""Brings data sets to their place: downloads, unpacks, checks, or paints them."""

from lkca_mm.datasets.prepare.ade20k import ADE20K
from lkca_mm.datasets.prepare.archive import unpack
from lkca_mm.datasets.prepare.camvid import CAMVID
from lkca_mm.datasets.prepare.download import download
from lkca_mm.datasets.prepare.scenes import SceneSettings, prepare_scenes
from lkca_mm.datasets.prepare.source import Prepared, Source, prepare_source
from lkca_mm.datasets.prepare.verify import Split, check_pairs, content_digest

SOURCES: dict[str, Source] = {'ade20k': ADE20K, 'camvid': CAMVID}
"""The published data sets by the names that the command line knows them by."""

__all__ = [
    'ADE20K',
    'CAMVID',
    'SOURCES',
    'Prepared',
    'SceneSettings',
    'Source',
    'Split',
    'check_pairs',
    'content_digest',
    'download',
    'prepare_scenes',
    'prepare_source',
    'unpack',
]
