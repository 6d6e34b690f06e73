"""Miniatures of the published data sets, in their official layouts."""

import io
import pickle

import numpy as np
import pytest
import scipy.io
from PIL import Image

from lkca_mm.datasets.cifar_files import CIFAR10_LAYOUT, CIFAR100_LAYOUT
from lkca_mm.datasets.tiny_imagenet_classes import CLASSES

CIFAR_LAYOUTS = {'cifar10': CIFAR10_LAYOUT, 'cifar100': CIFAR100_LAYOUT}


def cifar_content(layout, seed=0, each=1):
    """One file with ``each`` noisy pictures of every class, the classes mixed."""
    generator = np.random.default_rng(seed)
    labels = generator.permutation(np.repeat(np.arange(layout.num_classes), each))
    pixels = generator.integers(0, 256, (len(labels), 3072), np.uint8)
    return {'data': pixels, layout.label_key: labels.tolist(), 'batch_label': 'x'}


@pytest.fixture
def make_cifar():
    def make(name, folder, each=1):
        layout = CIFAR_LAYOUTS[name]
        folder.mkdir(parents=True)
        for seed, file in enumerate(file for files in layout.files.values() for file in files):
            (folder / file).write_bytes(pickle.dumps(cifar_content(layout, seed, each)))
        return folder

    return make


def svhn_content(seed=0, each=1):
    generator = np.random.default_rng(seed)
    y = generator.permutation(np.repeat(np.arange(1, 11), each)).astype(np.uint8)[:, None]
    return {'X': generator.integers(0, 256, (32, 32, 3, len(y)), np.uint8), 'y': y}


def mat(content, compressed=True):
    buffer = io.BytesIO()
    scipy.io.savemat(buffer, content, do_compression=compressed)
    return buffer.getvalue()


@pytest.fixture
def svhn(tmp_path):
    folder = tmp_path / 'svhn'
    folder.mkdir()
    (folder / 'train_32x32.mat').write_bytes(mat(svhn_content(0, each=2)))
    (folder / 'test_32x32.mat').write_bytes(mat(svhn_content(1)))
    return folder


def jpeg(colour=(255, 0, 0), mode='RGB'):
    buffer = io.BytesIO()
    Image.new(mode, (64, 64), colour).save(buffer, 'JPEG')
    return buffer.getvalue()


@pytest.fixture
def tiny(tmp_path):
    """Two images for training and one for validation of each of the 200 classes."""
    folder = tmp_path / 'tiny-imagenet-200'
    (folder / 'val' / 'images').mkdir(parents=True)
    picture, lines = jpeg(), []
    for number, wnid in enumerate(sorted(CLASSES, reverse=True)):
        images = folder / 'train' / wnid / 'images'
        images.mkdir(parents=True)
        (images.parent / f'{wnid}_boxes.txt').touch()
        for i in range(2):
            (images / f'{wnid}_{i}.JPEG').write_bytes(picture)
        (folder / 'val' / 'images' / f'val_{number}.JPEG').write_bytes(picture)
        lines.append(f'val_{number}.JPEG\t{wnid}\t0\t32\t44\t62\n')
    (folder / 'val' / 'val_annotations.txt').write_text(''.join(lines))
    (folder / 'wnids.txt').write_text('\n'.join(sorted(CLASSES, key=lambda wnid: wnid[::-1])))
    (folder / 'words.txt').write_text(''.join(f'{k}\t{v}\n' for k, v in CLASSES.items()))
    return folder
