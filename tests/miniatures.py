"""Miniatures of the published data sets, in their official layouts."""

import io
import pickle

import numpy as np
import scipy.io
from PIL import Image

WNIDS = [f'n{number:08d}' for number in range(200)]


def cifar_content(kind, seed=0, each=2):
    """Returns the content of a file: ``each`` noisy images of every class, the classes mixed."""
    rng = np.random.default_rng(seed)
    labels = rng.permutation(np.repeat(np.arange(kind.NUM_CLASSES), each))
    pixels = rng.integers(0, 256, (len(labels), 3072), np.uint8)
    return {'data': pixels, kind.LABELS: labels.tolist(), 'batch_label': 'x'}


def write_cifar(kind, root, each=2):
    folder = root / kind.SUBFOLDER
    folder.mkdir(parents=True)
    for seed, name in enumerate(name for names in kind.FILES.values() for name in names):
        (folder / name).write_bytes(pickle.dumps(cifar_content(kind, seed, each)))
    return folder


def svhn_content(seed=0, each=2):
    rng = np.random.default_rng(seed)
    y = rng.permutation(np.repeat(np.arange(1, 11), each)).astype(np.uint8)[:, None]
    return {'X': rng.integers(0, 256, (32, 32, 3, len(y)), np.uint8), 'y': y}


def write_svhn(folder):
    folder.mkdir(parents=True)
    for seed, split in enumerate(('train', 'test')):
        scipy.io.savemat(folder / f'{split}_32x32.mat', svhn_content(seed))
    return folder


def jpeg(colour=(255, 0, 0), mode='RGB'):
    buffer = io.BytesIO()
    Image.new(mode, (64, 64), colour).save(buffer, 'JPEG')
    return buffer.getvalue()


def write_tiny(folder):
    """Two images for training and one for validation of each class."""
    (folder / 'val' / 'images').mkdir(parents=True)
    lines = []
    for number, wnid in enumerate(reversed(WNIDS)):
        images = folder / 'train' / wnid / 'images'
        images.mkdir(parents=True)
        (images.parent / f'{wnid}_boxes.txt').touch()
        for i in range(2):
            (images / f'{wnid}_{i}.JPEG').write_bytes(jpeg())
        (folder / 'val' / 'images' / f'val_{number}.JPEG').write_bytes(jpeg())
        lines.append(f'val_{number}.JPEG\t{wnid}\t0\t32\t44\t62\n')
    (folder / 'val' / 'val_annotations.txt').write_text(''.join(lines))
    (folder / 'wnids.txt').write_text('\n'.join(reversed(WNIDS)))
    (folder / 'words.txt').write_text(''.join(f'{w}\tname {w}, other\n' for w in WNIDS))
    return folder


def write_two_classes(folder, side):
    """Writes eight dark and eight bright images, each class in a folder of its name."""
    generator = np.random.default_rng(0)
    for name, low in (('dark', 0), ('bright', 156)):
        (folder / name).mkdir(parents=True)
        for index in range(8):
            pixels = generator.integers(low, low + 100, (side, side, 3), np.uint8)
            Image.fromarray(pixels).save(folder / name / f'{name}{index}.png')


def write_pairs(root, pairs):
    """Writes 4x6 images and masks of zeros: ``pairs`` maps folder pairs to names."""
    for (images, masks, suffix), names in pairs.items():
        for folder in (images, masks):
            (root / folder).mkdir(parents=True, exist_ok=True)
        for name in names:
            Image.new('RGB', (6, 4)).save(root / images / f'{name}{suffix}')
            Image.new('L', (6, 4)).save(root / masks / f'{name}.png')
    return root
