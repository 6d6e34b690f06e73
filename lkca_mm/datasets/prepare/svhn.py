"""SVHN's cropped digits: two files without an archive around them."""

from functools import partial

from lkca_mm.datasets.prepare.source import Download, Source
from lkca_mm.datasets.svhn_files import SVHN_LAYOUT, count_svhn

_HOST = 'http://ufldl.stanford.edu/housenumbers'


SVHN_SOURCE = Source(
    folder=SVHN_LAYOUT.folder,
    downloads=tuple(
        Download(f'{_HOST}/{name}', name, checksum)
        for name, checksum in (
            ('train_32x32.mat', 'md5:e26dedcc434d2e4c54c9b2d4a06d8373'),
            ('test_32x32.mat', 'md5:eb5a983be6a315427106f1b164d9cef3'),
        )
    ),
    parts=('train_32x32.mat', 'test_32x32.mat'),
    # 531,131 more digits, 1.3 GB: taken along from a copy, but not downloaded.
    extras=('extra_32x32.mat',),
    check=partial(count_svhn, SVHN_LAYOUT),
    unit='images',
)
