"""Archives and data files of published sets: damaged, lying, leading out, or running code."""

import io
import pickle
import stat
import tarfile
import zipfile

import numpy as np
import scipy.io
from PIL import Image

from lkca_mm.datasets.prepare import SOURCES
from lkca_mm.datasets.tiny_imagenet_classes import CLASSES
from mutations.case import Case
from mutations.checkpoints import attacks
from mutations.damage import damage


def _cifar(key, classes):
    pixels = np.random.default_rng(0).integers(0, 256, (classes, 3072), np.uint8)
    return pickle.dumps({'data': pixels, key: list(range(classes))}, protocol=2)


def _svhn():
    pixels = np.random.default_rng(0).integers(0, 256, (32, 32, 3, 10), np.uint8)
    content = {'X': pixels, 'y': np.arange(1, 11, dtype=np.uint8)[:, None]}
    buffer = io.BytesIO()
    scipy.io.savemat(buffer, content, do_compression=True)
    return buffer.getvalue()


def _picture(kind='PNG'):
    buffer = io.BytesIO()
    Image.new('L', (4, 4)).save(buffer, kind)
    return buffer.getvalue()


def _pairs(parts, suffix):
    return {
        f'{part}/{name}{suffix if "images" in part else ".png"}': _picture()
        for part in parts
        for name in 'ab'
    }


def _tiny():
    names = list(CLASSES)
    files = {'wnids.txt': '\n'.join(names).encode()}
    files |= {f'train/{name}/images/{name}_0.JPEG': b'x' for name in names}
    lines = ''.join(f'{name}.JPEG\t{name}\t0\t0\t1\t1\n' for name in names)
    files |= {f'val/images/{name}.JPEG': b'x' for name in names}
    return {**files, 'val/val_annotations.txt': lines.encode()}


def contents():
    """Returns the files of a small but whole copy of each published data set, by its name."""
    return {
        'ade20k': _pairs(SOURCES['ade20k'].parts, '.jpg'),
        'camvid': _pairs(SOURCES['camvid'].parts, '.png'),
        'cifar10': {name: _cifar('labels', 10) for name in SOURCES['cifar10'].parts},
        'cifar100': {name: _cifar('fine_labels', 100) for name in SOURCES['cifar100'].parts},
        'svhn': {name: _svhn() for name in SOURCES['svhn'].parts},
        'tiny-imagenet': _tiny(),
    }


_PATHS = (
    '/abs',
    '../out',
    'a/../../out',
    '..',
    'C:/x',
    'a\\b',
    '',
    '.',
    'a\n\x1b[31mb',
    'x' * 5000,
)
_TAR_KINDS = {
    'a symbolic link': tarfile.SYMTYPE,
    'a hard link': tarfile.LNKTYPE,
    'a device': tarfile.CHRTYPE,
    'a disk': tarfile.BLKTYPE,
    'a pipe': tarfile.FIFOTYPE,
    'a sparse file': tarfile.GNUTYPE_SPARSE,
}


def _extra(generator, prefix):
    """Draws an entry that no archive should have: what it is, its name, kind and content."""
    way = generator.choice(('path', 'path', 'kind', 'kind', 'twice', 'file as folder', 'bomb'))
    if way == 'path':
        name = generator.choice(_PATHS)
        return f'the path {name[:40]!r}', name, None, b'x'
    if way == 'kind':
        kind = generator.choice(list(_TAR_KINDS))
        return kind, f'{prefix}evil', kind, b'../../../etc/hostname'
    if way == 'bomb':
        return 'a bomb', f'{prefix}bomb', None, bytes(1 << 27)
    return way, way, None, b'x'


def _zip(files, extra):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, 'w', zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
        if extra is not None:
            _, name, kind, content = extra
            info = zipfile.ZipInfo('x')
            info.filename, info.compress_type = name, zipfile.ZIP_DEFLATED
            mode = (
                stat.S_IFREG if kind is None else stat.S_IFLNK if 'link' in kind else stat.S_IFCHR
            )
            info.external_attr = (mode | 0o777) << 16
            archive.writestr(info, content)
    return buffer.getvalue()


def _tar(files, extra, mode):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode) as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
        if extra is not None:
            _, name, kind, content = extra
            info = tarfile.TarInfo(name)
            if kind is None:
                info.size = len(content)
            else:
                info.type, info.linkname = _TAR_KINDS[kind], content.decode()
            archive.addfile(info, io.BytesIO(content) if kind is None else None)
    return buffer.getvalue()


def _archive(generator, files, prefix):
    """Returns what is wrong, the ending of the name, and the bytes of an archive."""
    suffix = generator.choice(('.zip', '.tar', '.tar.gz', '.tgz'))
    extra = None
    what = ''
    if generator.random() < 0.4:
        extra = _extra(generator, prefix)
        what = extra[0]
        if what == 'twice':
            extra = (what, next(iter(files)), None, b'x')
        elif what == 'file as folder':
            extra = (what, f'{next(iter(files))}/below', None, b'x')
    if suffix == '.zip':
        content = _zip(files, extra)
    else:
        content = _tar(files, extra, 'w' if suffix == '.tar' else 'w:gz')
    if extra is None:
        what, content = damage(generator, content)
    return f'{suffix}: {what}', suffix, content


def _bad_file(generator, files):
    """Damages one file of a data set; returns what was done."""
    name = generator.choice(list(files))
    if generator.random() < 0.1:
        del files[name]
        return f'{name} removed'
    is_cifar = '.' not in name
    if is_cifar and generator.random() < 0.5:
        table = pickle.loads(files[name])  # noqa: S301: it is our own
        key = generator.choice(list(table))
        table[key] = generator.choice(
            [*attacks(), None, 'abc', [1] * 10**5, np.zeros((3, 3)), np.array([None]), {'a': 1}]
        )
        files[name] = pickle.dumps(table, protocol=generator.choice((0, 2, 4)))
        return f'{name}: {key} = {str(table[key])[:40]}'
    what, files[name] = damage(generator, files[name] or b'x')
    return f'{name}: {what}'


def make(generator, number, tasks, folder):
    """Writes a bad archive or folder and has it prepared."""
    name = generator.choice(list(_CONTENTS))
    source, files = SOURCES[name], dict(_CONTENTS[name])
    prefix = f'{source.folder}/'
    words = {*source.parts, *(path.rpartition('/')[2] for path in files)}
    if generator.random() < 0.4:
        what = _bad_file(generator, files)
        place = folder / 'mine' / source.folder
        for path, content in files.items():
            (place / path).parent.mkdir(parents=True, exist_ok=True)
            (place / path).write_bytes(content)
        origin = place
    else:
        inner = {prefix + path: content for path, content in files.items()}
        if generator.random() < 0.2:
            what = _bad_file(generator, files)
            inner = {prefix + path: content for path, content in files.items()}
            suffix, content = '.zip', _zip(inner, None)
        else:
            what, suffix, content = _archive(generator, inner, prefix)
        origin = folder / f'bad{suffix}'
        origin.write_bytes(content)
        words |= {origin.name}
    words |= {source.folder}
    argv = (name, '--root', 'data', '--from', str(origin.relative_to(folder)), '--allow-partial')
    return Case(
        'archives', number, f'{name}: {what}', 'prepare_data', argv, folder, tuple(sorted(words)),
        absent=folder / 'data' / source.folder,
    )  # fmt: skip


_CONTENTS = contents()
