"""MATLAB's files are read as scipy reads them; damaged ones are refused."""

import io
from pathlib import Path

import numpy as np
import pytest
import scipy.io

from lkca_mm.datasets.matlab import read_matlab
from lkca_mm.errors import DataError

BY_MATLAB = Path(scipy.io.__file__).parent / 'matlab' / 'tests' / 'data'
KINDS = ['u1', 'i1', 'u2', 'i2', 'u4', 'i4', 'u8', 'i8', 'f4', 'f8']


def saved(content, **options):
    buffer = io.BytesIO()
    scipy.io.savemat(buffer, content, **options)
    return buffer.getvalue()


@pytest.mark.parametrize('compressed', [True, False])
@pytest.mark.parametrize('kind', KINDS)
def test_numbers_of_every_kind(tmp_path, kind, compressed):
    content = {
        'long': np.arange(24, dtype=kind).reshape(2, 3, 4),
        'one': np.ones((1, 1), kind),
        'none': np.zeros((0, 5), kind),
        'a_name_of_many_letters': np.arange(5, dtype=kind)[None],
        'text': 'abc',
        'cell': np.array([1, 'a'], object),
    }
    (tmp_path / 'x.mat').write_bytes(saved(content, do_compression=compressed))
    numbers = [name for name in content if name not in ('text', 'cell')]
    found = read_matlab(tmp_path / 'x.mat', numbers)
    assert list(found) == numbers
    for name in numbers:
        assert found[name].dtype == content[name].dtype
        assert np.array_equal(found[name], content[name])
    assert read_matlab(tmp_path / 'x.mat', ['other']) == {}
    for name in ('text', 'cell'):
        with pytest.raises(DataError, match=f'holds {name} as something else'):
            read_matlab(tmp_path / 'x.mat', [name])


@pytest.mark.skipif(not BY_MATLAB.is_dir(), reason="scipy's test files are not installed")
def test_files_that_matlab_wrote():
    """Those of numbers, in both byte orders, are read as scipy reads them."""
    compared = set()
    for path in [*sorted(BY_MATLAB.glob('test[3dmv]*_[67].*.mat')), BY_MATLAB / 'big_endian.mat']:
        expected = scipy.io.loadmat(path)
        names = [name for name, value in expected.items() if isinstance(value, np.ndarray)]
        names = [name for name in names if expected[name].dtype.kind in 'iuf']
        found = read_matlab(path, names)
        assert found.keys() == set(names)
        for name in names:
            assert np.array_equal(found[name], expected[name])
            compared.add(path.name)
    assert len(compared) >= 13


def test_compact_numbers(tmp_path):
    """MATLAB stores whole doubles as bytes, four of them inside the tag."""
    element = np.array([14, 48, 6, 8, 6, 0, 5, 8, 1, 4, (1 << 16) | 1, ord('y')], '<u4')
    content = element.tobytes() + b'\x02\0\x04\0\x01\x02\x03\x0a'
    header = saved({})[:128]
    (tmp_path / 'x.mat').write_bytes(header + content)
    found = read_matlab(tmp_path / 'x.mat', ['y'])['y']
    assert found.tolist() == scipy.io.loadmat(tmp_path / 'x.mat')['y'].tolist() == [[1, 2, 3, 10]]
    assert found.dtype == np.float64


@pytest.mark.parametrize('compressed', [True, False])
def test_whatever_a_byte_is_turned_into(tmp_path, compressed):
    generator = np.random.default_rng(0)
    content = {'X': np.zeros((4, 4, 3, 9), np.uint8), 'y': np.arange(9, dtype=np.uint8)[None]}
    whole = saved(content, do_compression=compressed)
    refused = 0
    for _ in range(400):
        damaged = bytearray(whole)
        place = generator.integers(min(len(whole), 260)) * generator.choice([1, -1])
        damaged[place] = generator.integers(256)
        (tmp_path / 'x.mat').write_bytes(damaged)
        try:
            read_matlab(tmp_path / 'x.mat', ['X', 'y'])
        except DataError as error:
            refused += 1
            assert '\n' not in str(error)
    assert refused > 50


def test_checksum_of_compressed_data(tmp_path):
    whole = bytearray(saved({'X': np.zeros((40, 40))}, do_compression=True))
    whole[-1] ^= 1
    (tmp_path / 'x.mat').write_bytes(whole)
    with pytest.raises(DataError, match='incorrect data check'):
        read_matlab(tmp_path / 'x.mat', ['X'])


@pytest.mark.parametrize('content', [b'', b'x' * 500, saved({'X': 1}, format='4')])
def test_other_formats(tmp_path, content):
    (tmp_path / 'x.mat').write_bytes(content)
    with pytest.raises(DataError, match='is not a MATLAB file of version 5'):
        read_matlab(tmp_path / 'x.mat', ['X'])


def test_what_would_fill_the_memory(tmp_path):
    """65 MiB of zeros in 70 kB; noise of that size is read."""
    (tmp_path / 'x.mat').write_bytes(saved({'X': np.zeros(65 << 20, 'u1')}, do_compression=True))
    with pytest.raises(DataError, match=r'x\.mat is cut off or damaged \(681\d+ bytes packed into'):
        read_matlab(tmp_path / 'x.mat', ['X'])


def test_complex_numbers(tmp_path):
    (tmp_path / 'x.mat').write_bytes(saved({'X': np.array([1j])}))
    with pytest.raises(DataError, match='holds X as something else than real numbers'):
        read_matlab(tmp_path / 'x.mat', ['X'])


@pytest.mark.parametrize('name', ['none', 'folder'])
def test_unreadable(tmp_path, name):
    (tmp_path / 'folder').mkdir()
    with pytest.raises(DataError, match=f'{name} cannot be read'):
        read_matlab(tmp_path / name, ['X'])
