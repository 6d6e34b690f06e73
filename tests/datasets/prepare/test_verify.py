"""Counts, pairs and digests of data sets on disk."""

import hashlib
import shutil
import subprocess

import pytest

from lkca_mm.datasets.prepare import Split, check_pairs, content_digest
from lkca_mm.errors import DataError

SPLITS = (Split('train', 'img', 'ann', 3, image_suffix='.jpg'),)


@pytest.fixture
def folder(tmp_path):
    for name in ('img/a.jpg', 'img/b.jpg', 'img/c.jpg', 'ann/a.png', 'ann/b.png', 'ann/c.png'):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(name.encode())
    return tmp_path


def test_counts(folder):
    (folder / 'img' / 'notes.txt').write_text('not an image')
    (folder / 'img' / '.hidden.jpg').write_text('not an image')
    assert check_pairs(folder, SPLITS) == {'train': 3}


@pytest.mark.parametrize(
    ('gone', 'words'),
    [
        (['ann/b.png', 'ann/c.png'], r'img/b\.jpg has no mask .*ann/b\.png \(2 such images\)'),
        (['img/b.jpg'], r'ann/b\.png has no image .*img/b\.jpg \(1 such masks\)'),
        (['img/c.jpg', 'ann/c.png'], r'img holds 2 images instead of 3'),
        (['img/a.jpg', 'img/b.jpg', 'img/c.jpg'], r'img holds no \.jpg files'),
    ],
)
@pytest.mark.parametrize('allow_partial', [False, True])
def test_names_what_is_missing(folder, gone, words, allow_partial):
    for name in gone:
        (folder / name).unlink()
    if allow_partial and 'instead' in words:
        assert check_pairs(folder, SPLITS, allow_partial=True) == {'train': 2}
        return
    with pytest.raises(DataError, match=words):
        check_pairs(folder, SPLITS, allow_partial)


def test_names_a_missing_folder(folder):
    shutil.rmtree(folder / 'ann')
    with pytest.raises(DataError, match='ann does not exist'):
        check_pairs(folder, SPLITS)


@pytest.mark.skipif(shutil.which('sha256sum') is None, reason='needs sha256sum')
def test_digest_is_what_the_shell_says(folder):
    names = ['img/a.jpg', 'ann/a.png', 'img/b.jpg']
    printed = subprocess.run(
        ['sha256sum', *sorted(names)], cwd=folder, capture_output=True, check=True
    ).stdout
    assert content_digest(folder, names) == 'sha256:' + hashlib.sha256(printed).hexdigest()


def test_digest_sees_bytes_and_names(folder):
    first = content_digest(folder, ['img/a.jpg', 'img/b.jpg'])
    assert content_digest(folder, ['img/b.jpg', 'img/a.jpg']) == first
    (folder / 'img' / 'b.jpg').rename(folder / 'img' / 'z.jpg')
    assert content_digest(folder, ['img/a.jpg', 'img/z.jpg']) != first
    (folder / 'img' / 'z.jpg').rename(folder / 'img' / 'b.jpg')
    (folder / 'img' / 'b.jpg').write_bytes(b'other')
    assert content_digest(folder, ['img/a.jpg', 'img/b.jpg']) != first
