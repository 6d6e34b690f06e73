"""CIFAR-10 and CIFAR-100 as published for Python."""

from functools import partial

from lkca_mm.datasets.cifar_files import (
    CIFAR10_LAYOUT,
    CIFAR100_LAYOUT,
    CifarLayout,
    count_cifar,
)
from lkca_mm.datasets.prepare.source import Download, Source

_HOST = 'https://www.cs.toronto.edu/~kriz'


def cifar_source(layout: CifarLayout, archive: str, checksum: str, meta: str) -> Source:
    """Describes one of the two.

    Args:
        layout: What it is made of.
        archive: The file name of its archive.
        checksum: The archive's published checksum.
        meta: The file with the names of the classes, which mmpretrain knows by itself.
    """
    return Source(
        folder=layout.folder,
        downloads=(Download(f'{_HOST}/{archive}', archive, checksum),),
        parts=tuple(name for names in layout.files.values() for name in names),
        extras=(meta,),
        check=partial(count_cifar, layout),
        unit='images',
    )


CIFAR10_SOURCE = cifar_source(
    CIFAR10_LAYOUT,
    'cifar-10-python.tar.gz',
    'md5:c58f30108f718f92721af3b95e74349a',
    'batches.meta',
)
CIFAR100_SOURCE = cifar_source(
    CIFAR100_LAYOUT,
    'cifar-100-python.tar.gz',
    'md5:eb9058c3a382ffc7106e4002c42a8d85',
    'meta',
)
