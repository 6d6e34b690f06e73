"""CIFAR-10, CIFAR-100, SVHN and Tiny-ImageNet.

torchvision's classes refuse a copy that somebody wrote again, with another version of Python for
example. These take every copy with the right numbers of images, in all and of each class.
"""

import pickle
from collections import Counter
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from mmpretrain.datasets import CIFAR10, CIFAR100, BaseDataset
from mmpretrain.registry import DATASETS
from torchvision import datasets as published
from torchvision.datasets.folder import make_dataset

from lkca_mm.datasets.checks import HOW_TO_GET
from lkca_mm.errors import DataError


class _Values:
    """Stands for numpy's types and functions in a pickle: keeps what they are called with."""

    def __init__(self, *args: Any) -> None:
        self.args = args  # of `_frombuffer`, from protocol 5 on: those of `array`

    def __setstate__(self, state: tuple) -> None:
        if len(state) == 5:  # of an array, not of a dtype
            _, shape, dtype, fortran, content = state
            self.args = content, dtype, shape, 'F' if fortran else 'C'

    def array(self) -> np.ndarray:
        """Returns the uint8 array that was pickled."""
        content, dtype, shape, order = self.args
        if dtype.args[0] != 'u1':
            raise pickle.UnpicklingError(f'an array of {dtype.args[0]} instead of bytes')
        content = content.encode('latin1') if isinstance(content, str) else content  # Python 2's
        return np.frombuffer(content, np.uint8).reshape(shape, order=order)


class _ArrayUnpickler(pickle.Unpickler):
    """Makes arrays of bytes and plain values; calls nothing that a file names."""

    def find_class(self, module: str, name: str) -> Any:
        numpy_names = ('ndarray', 'dtype', '_reconstruct', '_frombuffer')
        if module.partition('.')[0] == 'numpy' and name in numpy_names:
            return _Values
        if (module, name) == ('_codecs', 'encode'):
            return lambda text, _: text.encode('latin1')
        raise pickle.UnpicklingError(f'it asks for {module}.{name}, which no data file needs')


class SmallImages(BaseDataset):
    """A published data set for classification.

    Args:
        data_root: Where its files are; for CIFAR the folder that holds the data set's folder.
        split: ``'train'``, or how the data set calls another one.
        allow_partial: Whether other numbers of images than the official ones will do, as long
            as every class occurs: those of a hold-out split, for example.
        **kwargs: Everything else is for mmpretrain's ``BaseDataset``.

    Raises:
        DataError: If there is no such split, a file is missing or damaged, or the numbers of
            images are not the official ones.
    """

    SUBFOLDER = ''
    FILES: ClassVar[dict[str, tuple[str, ...]]]
    IMAGES: ClassVar[dict[str, int]]
    NUM_CLASSES = 10
    _IMAGE = 'img'  # the key of an image in a sample

    def __init__(
        self, data_root: str = '', split: str = 'train', allow_partial: bool = False, **kwargs: Any
    ) -> None:
        if split not in self.FILES:
            raise DataError(f'{type(self).__name__} has no split {split!r}: try {[*self.FILES]}')
        self.split, self.allow_partial = split, allow_partial
        super().__init__(ann_file='', data_root=data_root, **kwargs)

    def check_files(self) -> list[Path]:
        """Returns the files and folders of the split; raises a DataError if one is missing."""
        paths = [Path(self.data_root, self.SUBFOLDER, name) for name in self.FILES[self.split]]
        for path in paths:
            if not path.exists():
                raise DataError(f'{path} does not exist{HOW_TO_GET}')
        return paths

    def load_data_list(self) -> list[dict[str, Any]]:
        """Returns ``gt_label``, and ``img`` (H, W, 3) uint8 RGB or ``img_path``, of each image."""
        paths = self.check_files()
        samples = [sample for path in paths for sample in self._samples(path)]
        counts = Counter(sample['gt_label'] for sample in samples)
        if counts.keys() != set(range(self.NUM_CLASSES)):
            raise DataError(
                f'{paths[-1]} holds labels {min(counts)} to {max(counts)}, {len(counts)} '
                f'different ones: expected all of 0 to {self.NUM_CLASSES - 1}'
            )
        wanted, each = self.IMAGES[self.split], {min(counts.values()), max(counts.values())}
        uneven = wanted % self.NUM_CLASSES == 0 and len(each) > 1
        if (len(samples) != wanted or uneven) and not self.allow_partial:
            raise DataError(
                f'{paths[-1].parent} holds {len(samples)} images instead of {wanted}, {min(each)} '
                f'to {max(each)} of a class, in split {self.split!r} (allow_partial=True, or '
                f'--allow-partial on the command line, accepts it)'
            )
        return samples

    def _samples(self, path: Path) -> list[dict[str, Any]]:
        # `_read` returns the N images of a file, as arrays or paths, and their N labels.
        try:
            images, labels = self._read(path)
            pairs = zip(images, labels, strict=True)
            return [{self._IMAGE: image, 'gt_label': int(label)} for image, label in pairs]
        except Exception as error:  # damaged bytes can raise nearly anything
            reason = str(error).partition('\n')[0] or type(error).__name__
            raise DataError(f'{path} is damaged or not of this data set: {reason}') from error


class _CIFAR(SmallImages):
    LABELS: ClassVar[str]
    IMAGES: ClassVar = {'train': 50_000, 'test': 10_000}

    def _read(self, path: Path) -> tuple[Any, Any]:
        with path.open('rb') as file:
            content = _ArrayUnpickler(file, encoding='latin1').load()
        images = content['data'].array().reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
        return np.ascontiguousarray(images), content[self.LABELS]


@DATASETS.register_module()
class CheckedCIFAR10(_CIFAR):
    """CIFAR-10: 50,000 and 10,000 images of 32x32; splits 'train' and 'test'."""

    METAINFO = CIFAR10.METAINFO
    SUBFOLDER = published.CIFAR10.base_folder
    FILES: ClassVar = {
        'train': tuple(name for name, _ in published.CIFAR10.train_list),
        'test': tuple(name for name, _ in published.CIFAR10.test_list),
    }
    LABELS = 'labels'


@DATASETS.register_module()
class CheckedCIFAR100(_CIFAR):
    """CIFAR-100: 50,000 and 10,000 images of 32x32; splits 'train' and 'test'."""

    METAINFO = CIFAR100.METAINFO
    SUBFOLDER = published.CIFAR100.base_folder
    FILES: ClassVar = {'train': ('train',), 'test': ('test',)}
    NUM_CLASSES = 100
    LABELS = 'fine_labels'


@DATASETS.register_module()
class SVHN(SmallImages):
    """SVHN: 73,257 and 26,032 digits of 32x32; splits 'train', 'test' and 'extra' (531,131)."""

    METAINFO: ClassVar = {'classes': tuple('0123456789')}
    FILES: ClassVar = {split: (file[1],) for split, file in published.SVHN.split_list.items()}
    IMAGES: ClassVar = {'train': 73_257, 'test': 26_032, 'extra': 531_131}

    def _read(self, path: Path) -> tuple[Any, Any]:
        from scipy.io import loadmat

        content = loadmat(path)
        images = np.ascontiguousarray(content['X'].transpose(3, 0, 1, 2))
        if images.dtype != np.uint8 or images.shape[1:] != (32, 32, 3):
            raise ValueError(f'X is {images.dtype} {content["X"].shape}')
        return images, content['y'][:, 0] % 10  # the file calls the digit 0 a 10


@DATASETS.register_module()
class TinyImageNet(SmallImages):
    """Tiny-ImageNet-200: 100,000 and 10,000 images of 64x64; splits 'train' and 'val'.

    A label is the place of the class's WordNet number among all 200, sorted, as in ImageNet.
    The names of the classes are the first ones in the data set's ``words.txt``.
    """

    FILES: ClassVar = {'train': ('train',), 'val': ('val/val_annotations.txt',)}
    IMAGES: ClassVar = {'train': 100_000, 'val': 10_000}
    NUM_CLASSES = 200
    _IMAGE = 'img_path'

    def _read(self, path: Path) -> tuple[Any, Any]:
        wnids = sorted(Path(self.data_root, 'wnids.txt').read_text().split())
        words = Path(self.data_root, 'words.txt')
        lines = words.read_text(encoding='utf-8').splitlines() if words.exists() else []
        names = dict(line.split('\t', 1) for line in lines)
        classes = tuple(names.get(wnid, wnid).split(',')[0] for wnid in wnids)
        self._metainfo.setdefault('classes', classes)
        label_of = {wnid: label for label, wnid in enumerate(wnids)}
        if self.split == 'train':
            return zip(*make_dataset(path, label_of, extensions=('.jpeg',)), strict=True)
        lines = [line.split('\t') for line in path.read_text().splitlines()]
        images = [f'{path.parent}/images/{line[0]}' for line in lines]
        if missing := set(images) - set(map(str, path.parent.glob('images/*'))):
            raise FileNotFoundError(f'{min(missing)} does not exist')
        return images, [label_of[line[1]] for line in lines]
