"""Generated data sets in the published layouts, so small that any machine runs every row.

They prove that a row trains and is scored; an accuracy on them means nothing.
"""

import pickle
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from lkca_mm.datasets import SVHN, CheckedCIFAR10, CheckedCIFAR100
from lkca_mm.datasets.prepare import SOURCES, whole_folder
from lkca_mm.datasets.scenes import prepare_scenes

# The loaders refuse a split that lacks a class, so more is written than is read.
_TRAIN, _SCORED = 16, 8
_BATCH = 8
# UPerHead pools to one pixel, where a batch of one leaves nothing to normalise over.
_SEGMENTATION_BATCH = 2
_WNIDS = [f'n{number:08d}' for number in range(200)]


def _noise(generator: np.random.Generator, *shape: int) -> np.ndarray:
    return generator.integers(0, 256, shape, np.uint8)


def _shuffled_labels(generator: np.random.Generator, classes: Iterable[int]) -> np.ndarray:
    return generator.permutation(np.array(list(classes)))


def _write_cifar(folder: Path, kind: type[CheckedCIFAR10 | CheckedCIFAR100]) -> None:
    generator = np.random.default_rng(0)
    for name in (name for names in kind.FILES.values() for name in names):
        labels = _shuffled_labels(generator, range(kind.NUM_CLASSES))
        content = {'data': _noise(generator, len(labels), 3072), kind.LABELS: labels.tolist()}
        (folder / name).write_bytes(pickle.dumps(content))


def _write_svhn(folder: Path) -> None:
    # mmseg needs scipy in any case; here it is wanted by this function alone.
    from scipy.io import savemat

    generator = np.random.default_rng(0)
    for split in ('train', 'test'):
        # The files call the digit 0 a 10.
        labels = _shuffled_labels(generator, [*range(1, 11)] * 2)[:, None]
        content = {'X': _noise(generator, 32, 32, 3, len(labels)), 'y': labels.astype(np.uint8)}
        savemat(folder / SVHN.FILES[split][0], content)


def _write_tiny_imagenet(folder: Path) -> None:
    generator = np.random.default_rng(0)
    scored = folder / 'val' / 'images'
    scored.mkdir(parents=True)
    lines = []
    for label, wnid in enumerate(_WNIDS):
        images = folder / 'train' / wnid / 'images'
        images.mkdir(parents=True)
        for path in (images / f'{wnid}_0.JPEG', scored / f'val_{label}.JPEG'):
            Image.fromarray(_noise(generator, 64, 64, 3)).save(path)
        lines.append(f'val_{label}.JPEG\t{wnid}\t0\t0\t63\t63\n')
    (folder / 'val' / 'val_annotations.txt').write_text(''.join(lines), encoding='utf-8')
    (folder / 'wnids.txt').write_text('\n'.join(_WNIDS) + '\n', encoding='utf-8')


def prepare_stand_in(dataset: str, root: Path) -> None:
    """Writes the stand-in of a data set, unless it is there.

    Args:
        dataset: The data set, named as the folders in ``configs/``.
        root: The folder of all stand-ins.

    Raises:
        DataError: If it cannot be written, or another process is at it.
    """
    if dataset == 'ade20k':
        prepare_scenes(root, size=512, num_train=4, num_val=2)
        return
    write = {
        'cifar10': partial(_write_cifar, kind=CheckedCIFAR10),
        'cifar100': partial(_write_cifar, kind=CheckedCIFAR100),
        'svhn': _write_svhn,
        'tiny-imagenet': _write_tiny_imagenet,
    }[dataset]
    folder = root / SOURCES[dataset].folder
    if not folder.exists():
        with whole_folder(folder) as stage:
            write(stage)


def stand_in_settings(dataset: str, root: Path) -> dict[str, Any]:
    """Returns the settings by which a config reads a stand-in instead of the data set.

    Args:
        dataset: The data set, named as the folders in ``configs/``.
        root: The folder of all stand-ins.
    """
    if dataset == 'ade20k':
        loader = {'dataset': {'data_root': str(root / 'scenes'), 'img_suffix': '.png'}}
        return {
            'train_dataloader': {'batch_size': _SEGMENTATION_BATCH, **loader},
            'val_dataloader': loader,
        }
    folder = root if 'cifar' in dataset else root / SOURCES[dataset].folder
    place = {'data_root': str(folder), 'allow_partial': True}
    return {
        f'{name}_dataloader': {'batch_size': _BATCH, 'dataset': {**place, 'indices': count}}
        for name, count in (('train', _TRAIN), ('val', _SCORED))
    }
