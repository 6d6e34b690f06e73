"""Array pickles of every age are read; others do nothing."""

import codecs
import os
import pickle
import time

import numpy as np
import pytest

from lkca_mm.datasets.array_pickle import load_array_pickle
from lkca_mm.errors import DataError

ARRAY = np.arange(300, dtype=np.uint8).reshape(3, 100)


def python2(array, numpy_core=b'numpy.core'):
    """What Python 2 wrote: byte strings and numpy's old module names."""
    rows, columns = (int(size).to_bytes(2, 'little') for size in array.shape)
    content = array.tobytes()
    return (
        b'\x80\x02}(U\x04datac' + numpy_core + b'.multiarray\n_reconstruct\n(cnumpy\nndarray\n'
        b'K\x00\x85U\x01btR(K\x01M' + rows + b'M' + columns + b'\x86cnumpy\ndtype\n'
        b'(U\x02u1K\x00K\x01tR(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb'
        b'\x89T' + len(content).to_bytes(4, 'little') + content + b'tbU\x06labels](K\x01K\x02eu.'
    )


def written(protocol):
    return pickle.dumps({'data': ARRAY, 'labels': [1, 2]}, protocol)


GOOD = {
    'python2': python2(ARRAY),
    'numpy1': written(2).replace(b'numpy._core', b'numpy.core'),
    **{f'protocol{number}': written(number) for number in range(6)},
}


@pytest.mark.parametrize('name', GOOD)
def test_reads(tmp_path, name):
    (tmp_path / 'file').write_bytes(GOOD[name])
    found = load_array_pickle(tmp_path / 'file')
    assert found.keys() == {'data', 'labels'} and found['labels'] == [1, 2]
    assert found['data'].dtype == np.uint8 and np.array_equal(found['data'], ARRAY)


@pytest.mark.parametrize('name', ['python2', 'protocol2', 'protocol4', 'protocol5'])
def test_cut_at_any_byte_is_refused(tmp_path, name):
    whole = len(GOOD[name])
    for length in {*range(30), *range(30, whole, 7), whole - 1, whole - 2}:
        (tmp_path / 'file').write_bytes(GOOD[name][:length])
        with pytest.raises(DataError, match=r'file is cut off or damaged \(.+\): copy') as error:
            load_array_pickle(tmp_path / 'file')
        assert '\n' not in str(error.value)


def test_damaged_bytes_never_escape(tmp_path):
    """Whatever a byte is turned into: the file is read or refused in our words."""
    generator = np.random.default_rng(0)
    refused = 0
    for _ in range(300):
        content = bytearray(GOOD['protocol4'])
        head = len(content) - ARRAY.size if generator.random() < 0.8 else len(content)
        content[generator.integers(head)] = generator.integers(256)
        (tmp_path / 'file').write_bytes(content)
        try:
            load_array_pickle(tmp_path / 'file')
        except DataError as error:
            refused += 1
            assert '\n' not in str(error)
    assert refused > 50


class Evil:
    def __init__(self, function, *args):
        self.call = function, args

    def __reduce__(self):
        return self.call


@pytest.mark.parametrize('protocol', [0, 2, 4])
@pytest.mark.parametrize('function', [os.system, eval, codecs.decode, np.load, getattr])
def test_anything_else_is_named_and_not_called(tmp_path, protocol, function):
    argument = {os.system: 'touch ran', eval: '__import__("os").mkdir("ran")'}.get(function, 'x')
    content = {'data': Evil(function, argument), 'labels': []}
    (tmp_path / 'file').write_bytes(pickle.dumps(content, protocol))
    here = os.getcwd()  # noqa: PTH109
    os.chdir(tmp_path)
    try:
        with pytest.raises(DataError) as error:
            load_array_pickle(tmp_path / 'file')
    finally:
        os.chdir(here)
    module = {'codecs': '_codecs', 'nt': 'posix'}.get(function.__module__, function.__module__)
    assert str(error.value).startswith(f'{tmp_path / "file"} wants to use ')
    assert function.__name__ in str(error.value) and '\n' not in str(error.value)
    assert module.partition('.')[0].lstrip('_')[:5] in str(error.value)
    assert sorted(path.name for path in tmp_path.iterdir()) == ['file']


def crafted(dtype=b'u1', state=None, shape=b'K\x02K\x02\x86', content=b'\0' * 4):
    """An array of 2x2 bytes, parts of which do not fit."""
    state = state or b'(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb'
    return (
        b'\x80\x02}U\x04datacnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n'
        b'K\x00\x85U\x01btR(K\x01' + shape + b'cnumpy\ndtype\n(U'
        + bytes([len(dtype)]) + dtype + b'K\x00K\x01tR' + state
        + b'\x89U' + bytes([len(content)]) + content + b'tbs.'
    )  # fmt: skip


HUGE = b'\x8a\x08' + (1 << 62).to_bytes(8, 'little')
MISFITS = {
    'objects': crafted(dtype=b'O8'),
    'records': crafted(dtype=b'V1'),
    'fields': crafted(state=b'(K\x03U\x01x}}NK\x01K\x01K?tb'),
    'shape': crafted(shape=b'K\x03K\x02\x86'),
    'huge shape': crafted(shape=HUGE + HUGE + b'\x86'),
    'negative': crafted(shape=b'J\xfe\xff\xff\xffJ\xfe\xff\xff\xff\x86'),
    'no state': b'\x80\x02}U\x04datacnumpy.core.multiarray\n_reconstruct\n)Rs.',
    'far memo': b'\x80\x02}r\xff\xff\xff\xff]K\x01R.',
    'long text': b'\x80\x04\x8d' + (1 << 40).to_bytes(8, 'little') + b'x.',
    'changed name': b'\x80\x02c_codecs\nencode\nN}U\x07__new__K\x01s\x86b.',
    'persistent': b'\x80\x02K\x01Q.',
}


@pytest.mark.parametrize('kind', MISFITS)
def test_what_does_not_fit_is_refused_at_once(tmp_path, kind):
    (tmp_path / 'file').write_bytes(crafted())
    assert load_array_pickle(tmp_path / 'file')['data'].tolist() == [[0, 0], [0, 0]]
    (tmp_path / 'file').write_bytes(MISFITS[kind])
    begun = time.process_time()
    with pytest.raises(DataError, match='file is cut off or damaged'):
        load_array_pickle(tmp_path / 'file')
    assert time.process_time() - begun < 0.1


def test_numbers_of_other_sizes(tmp_path):
    for kind in ('<i8', '>i4', 'i1', '<u2'):
        for protocol in (2, 4, 5):
            array = np.arange(6, dtype=kind).reshape(2, 3)
            content = {'c': array, 'fortran': array.T, 'x': 1}
            (tmp_path / 'file').write_bytes(pickle.dumps(content, protocol))
            found = load_array_pickle(tmp_path / 'file')
            assert found['c'].tolist() == array.tolist() and found['c'].dtype == array.dtype
            assert found['fortran'].tolist() == array.T.tolist() and found['x'] == 1


def test_other_encodings_are_refused(tmp_path):
    (tmp_path / 'file').write_bytes(pickle.dumps(Evil(codecs.encode, 'x', 'rot13'), 2))
    with pytest.raises(DataError, match=r"'rot13' is not latin1"):
        load_array_pickle(tmp_path / 'file')


@pytest.mark.parametrize('name', ['none', 'folder'])
def test_unreadable(tmp_path, name):
    (tmp_path / 'folder').mkdir()
    with pytest.raises(DataError, match=f'{name} cannot be read'):
        load_array_pickle(tmp_path / name)
