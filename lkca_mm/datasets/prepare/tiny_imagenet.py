"""Tiny-ImageNet-200 as made for Stanford's course CS231n: 200 classes, 110,000 images."""

from functools import partial

from lkca_mm.datasets.prepare.source import Download, Source
from lkca_mm.datasets.tiny_imagenet_files import TINY_IMAGENET_LAYOUT, count_tiny_imagenet

TINY_IMAGENET_SOURCE = Source(
    folder=TINY_IMAGENET_LAYOUT.folder,
    downloads=(
        Download(
            'http://cs231n.stanford.edu/tiny-imagenet-200.zip',
            'tiny-imagenet-200.zip',
            'md5:90528d7ca1a48142e341f4ef8d21d0de',
        ),
    ),
    parts=('wnids.txt', 'train', 'val'),  # the images under test have no public labels
    extras=('words.txt',),
    check=partial(count_tiny_imagenet, TINY_IMAGENET_LAYOUT),
    unit='images',
    max_files=130_000,
)
