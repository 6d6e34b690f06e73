"""Brings data sets to their place: downloads, unpacks, checks, or paints them."""

from lkca_mm.datasets.prepare.ade20k import ADE20K
from lkca_mm.datasets.prepare.archive import unpack
from lkca_mm.datasets.prepare.camvid import CAMVID
from lkca_mm.datasets.prepare.cifar import CIFAR10_SOURCE, CIFAR100_SOURCE
from lkca_mm.datasets.prepare.download import download
from lkca_mm.datasets.prepare.scenes import SceneSettings, prepare_scenes
from lkca_mm.datasets.prepare.source import Download, Prepared, Source, prepare_source
from lkca_mm.datasets.prepare.svhn import SVHN_SOURCE
from lkca_mm.datasets.prepare.tiny_imagenet import TINY_IMAGENET_SOURCE
from lkca_mm.datasets.prepare.verify import Split, check_pairs, content_digest

SOURCES: dict[str, Source] = {
    'ade20k': ADE20K,
    'camvid': CAMVID,
    'cifar10': CIFAR10_SOURCE,
    'cifar100': CIFAR100_SOURCE,
    'svhn': SVHN_SOURCE,
    'tiny-imagenet': TINY_IMAGENET_SOURCE,
}
"""The published data sets by the names that the command line knows them by."""

__all__ = [
    'ADE20K',
    'CAMVID',
    'CIFAR10_SOURCE',
    'CIFAR100_SOURCE',
    'SOURCES',
    'SVHN_SOURCE',
    'TINY_IMAGENET_SOURCE',
    'Download',
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
