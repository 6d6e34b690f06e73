"""Downloads are cut in every way; what arrives must be the file or a clear error."""

import hashlib
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import lkca_mm
from lkca_mm.datasets.prepare import download
from lkca_mm.errors import DataError

CONTENT = np.random.default_rng(7).bytes(50_000)
SHA256 = 'sha256:' + hashlib.sha256(CONTENT).hexdigest()


def fetch(server, path, **options):
    options.setdefault('backoff', 0)
    options.setdefault('timeout', 10)
    return download(server.url, path, **options)


def leftovers(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize('algorithm', ['md5', 'sha1', 'sha256'])
def test_whole_file_arrives_and_is_not_fetched_twice(server, tmp_path, algorithm):
    server.content = CONTENT
    checksum = f'{algorithm}:{hashlib.new(algorithm, CONTENT).hexdigest().upper()}'
    for _ in range(2):
        path = fetch(server, tmp_path / 'new' / 'f.bin', checksum=checksum)
        assert path.read_bytes() == CONTENT
    assert len(server.requests) == 1
    assert leftovers(tmp_path / 'new') == ['f.bin']


def test_file_with_other_content_is_replaced(server, tmp_path):
    server.content = CONTENT
    (tmp_path / 'f').write_bytes(b'something else')
    assert fetch(server, tmp_path / 'f', checksum=SHA256).read_bytes() == CONTENT


@pytest.mark.parametrize('resets', [False, True], ids=['closed', 'reset'])
@pytest.mark.parametrize('checksum', [SHA256, None], ids=['checksum', 'bare'])
def test_resumes_within_a_run(server, tmp_path, checksum, resets):
    server.content, server.resets = CONTENT, resets
    server.cuts = [0, 1, 17_000, 2, 0, 20_000]
    assert fetch(server, tmp_path / 'f', checksum=checksum).read_bytes() == CONTENT
    asked = [request.get('Range') for request in server.requests]
    assert asked[-1] is not None
    if not resets:  # a reset may take bytes with it that were on their way
        starts = [None, None, 1, 17_001, 17_003, 17_003, 37_003]
        assert asked == [s if s is None else f'bytes={s}-' for s in starts]
    assert leftovers(tmp_path) == ['f']


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(cut=st.integers(0, len(CONTENT)))
@pytest.mark.parametrize('knows_range', [True, False], ids=['range', 'no_range'])
def test_resumes_in_a_second_run_after_a_cut_anywhere(server, tmp_path, knows_range, cut):
    path = tmp_path / f'f{cut}{knows_range}'
    path.unlink(missing_ok=True)
    server.content, server.knows_range, server.cuts = CONTENT, knows_range, [cut]
    if cut < len(CONTENT):
        server.cuts += [0]  # a retry brings nothing, which ends the run
        with pytest.raises(DataError, match='run the same command again'):
            fetch(server, path, checksum=SHA256, attempts=1)
        server.cuts.clear()
        assert not path.exists()
    assert fetch(server, path, checksum=SHA256).read_bytes() == CONTENT


def test_part_that_is_already_full_when_the_server_answers_416(server, tmp_path):
    server.content, server.chunked = CONTENT, True  # so the total was never told
    server.cuts = [len(CONTENT)]  # all but the sign that this was all
    assert fetch(server, tmp_path / 'f').read_bytes() == CONTENT
    asked = [request.get('Range') for request in server.requests]
    assert asked == [None, f'bytes={len(CONTENT)}-']


def test_full_part_of_known_length_needs_no_request(server, tmp_path):
    path = tmp_path / 'f'
    server.content, server.cuts = CONTENT, [40_000, 0]
    with pytest.raises(DataError):
        fetch(server, path, checksum=SHA256, attempts=1)
    with (tmp_path / 'f.part').open('ab') as file:
        file.write(CONTENT[40_000:])
    server.requests.clear()
    assert fetch(server, path, checksum=SHA256).read_bytes() == CONTENT
    assert server.requests == []


def test_part_longer_than_the_file_is_thrown_away(server, tmp_path):
    path = tmp_path / 'f'
    server.content, server.cuts = CONTENT, [40_000, 0]
    with pytest.raises(DataError):
        fetch(server, path, attempts=1)
    with (tmp_path / 'f.part').open('ab') as file:
        file.write(bytes(20_000))
    assert fetch(server, path).read_bytes() == CONTENT


@pytest.mark.parametrize('obeys', [True, False], ids=['if_range', 'ignores_if_range'])
@pytest.mark.parametrize('same_length', [True, False])
@pytest.mark.parametrize('validator', ['etag', 'modified', 'weak', 'none'])
def test_changed_file_is_not_spliced(server, tmp_path, obeys, same_length, validator):
    server.obeys_if_range = obeys
    first = {
        'etag': ('"one"', None),
        'modified': (None, 'Wed, 01 Jan 2020 00:00:00 GMT'),
        'weak': ('W/"one"', None),
        'none': (None, None),
    }[validator]
    server.etag, server.modified = first
    server.content, server.cuts = CONTENT, [30_000, 0]
    path = tmp_path / 'f'
    with pytest.raises(DataError):
        fetch(server, path, attempts=1)
    changed = bytes(reversed(CONTENT)) + (b'' if same_length else b'more')
    server.content = changed
    server.etag = first[0] and first[0].replace('one', 'two')
    server.modified = first[1] and first[1].replace('2020', '2021')
    assert fetch(server, path).read_bytes() == changed


@pytest.mark.parametrize('modified', [None, 'Wed, 01 Jan 2020 00:00:00 GMT'])
def test_weak_tag_does_not_stop_resuming(server, tmp_path, modified):
    server.etag, server.modified = 'W/"one"', modified
    server.content, server.cuts = CONTENT, [30_000]
    assert fetch(server, tmp_path / 'f').read_bytes() == CONTENT
    asked = [(request.get('Range'), request.get('If-Range')) for request in server.requests]
    assert asked == [(None, None), ('bytes=30000-', modified)]
    assert server.sent == [30_000, 20_000]


def test_part_of_another_address_is_not_used(server, tmp_path):
    server.content, server.cuts = CONTENT, [30_000, 0]
    with pytest.raises(DataError):
        fetch(server, tmp_path / 'f', attempts=1)
    server.content = CONTENT[::-1]
    other = server.url.replace('file.bin', 'mirror.bin')
    assert download(other, tmp_path / 'f', backoff=0).read_bytes() == CONTENT[::-1]


def test_part_without_its_sidecar_is_not_used(server, tmp_path):
    server.content = CONTENT
    (tmp_path / 'f.part').write_bytes(bytes(10_000))
    assert fetch(server, tmp_path / 'f', checksum=SHA256).read_bytes() == CONTENT
    assert 'Range' not in server.requests[0]


def test_wrong_bytes_are_removed_and_named(server, tmp_path):
    server.content = CONTENT[:-1] + b'x'
    found = hashlib.sha256(server.content).hexdigest()
    with pytest.raises(DataError) as error:
        fetch(server, tmp_path / 'f', checksum=SHA256)
    for word in (server.url, SHA256, found):
        assert word in str(error.value)
    assert '\n' not in str(error.value)
    assert leftovers(tmp_path) == []
    server.content = CONTENT
    assert fetch(server, tmp_path / 'f', checksum=SHA256).read_bytes() == CONTENT


@pytest.mark.parametrize('tells_length', [True, False])
def test_wrong_length_is_refused(server, tmp_path, tells_length):
    server.content, server.tells_length = CONTENT, tells_length
    with pytest.raises(DataError, match=r'expected 50001 bytes'):
        fetch(server, tmp_path / 'f', size=50_001, attempts=2)
    assert fetch(server, tmp_path / 'f', size=50_000).read_bytes() == CONTENT


def test_wrong_length_of_an_existing_file_is_noticed(server, tmp_path):
    server.content = CONTENT
    (tmp_path / 'f').write_bytes(CONTENT[:-1])
    assert fetch(server, tmp_path / 'f', size=50_000).read_bytes() == CONTENT


def test_length_that_nothing_tells_is_refused(server, tmp_path):
    server.content, server.tells_length, server.cuts = CONTENT, False, [100]
    with pytest.raises(DataError, match='does not tell its length'):
        fetch(server, tmp_path / 'f')
    assert leftovers(tmp_path) == []


@pytest.mark.parametrize('cut', [0, 1, 25_000])
def test_chunked_answer_that_breaks_is_noticed(server, tmp_path, cut):
    server.content, server.chunked, server.cuts = CONTENT, True, [cut]
    assert fetch(server, tmp_path / 'f').read_bytes() == CONTENT
    assert len(server.requests) == 2


def test_server_that_ignores_range_is_not_asked_for_ever(server, tmp_path):
    server.content, server.knows_range = CONTENT, False
    server.cuts = [30_000] * 100
    with pytest.raises(DataError, match='connection broke after 30000 of 50000 bytes'):
        fetch(server, tmp_path / 'f', attempts=3)
    assert len(server.requests) == 4


@pytest.mark.parametrize('status', [500, 503, 429])
def test_busy_server_is_asked_again(server, tmp_path, status):
    server.content, server.statuses = CONTENT, [status, status]
    assert fetch(server, tmp_path / 'f').read_bytes() == CONTENT
    server.statuses = [status] * 9
    with pytest.raises(DataError, match=str(status)):
        fetch(server, tmp_path / 'g', attempts=3)
    assert len(server.requests) == 3 + 3


@pytest.mark.parametrize('status', [401, 403, 404, 410])
def test_refusal_is_final(server, tmp_path, status):
    server.statuses = [status] * 9
    with pytest.raises(DataError, match=f'{server.url}.*{status}'):
        fetch(server, tmp_path / 'f')
    assert len(server.requests) == 1


def test_backoff_doubles(server, tmp_path, monkeypatch):
    pauses = []

    def sleep(seconds):
        if threading.current_thread() is threading.main_thread():  # not the server's
            pauses.append(seconds)

    monkeypatch.setattr(time, 'sleep', sleep)
    server.statuses = [503] * 9
    with pytest.raises(DataError):
        fetch(server, tmp_path / 'f', attempts=4, backoff=0.5)
    assert pauses == [0.5, 1.0, 2.0]


@pytest.mark.parametrize('url', ['file:///etc/hostname', 'ftp://host/f', 'f.zip', 'http://a b/'])
def test_address_that_cannot_work(tmp_path, url):
    with pytest.raises(DataError, match='cannot download'):
        download(url, tmp_path / 'f', attempts=1)
    assert not (tmp_path / 'f').exists()


def test_nobody_listens(server, tmp_path):
    server.close()
    with pytest.raises(DataError, match=f'cannot download {server.url}: no connection'):
        fetch(server, tmp_path / 'f', attempts=2)


def test_server_that_falls_silent(server, tmp_path):
    server.content, server.delay = CONTENT, 0.5
    with pytest.raises(DataError, match=r'timed out|TimeoutError'):
        fetch(server, tmp_path / 'f', attempts=1, timeout=0.1)


# The package itself takes seconds to import, so the child imports this module alone.
CHILD = """
import sys, types
for name in ('lkca_mm', 'lkca_mm.datasets', 'lkca_mm.datasets.prepare'):
    module = types.ModuleType(name)
    module.__path__ = [sys.argv[1] + '/' + '/'.join(name.split('.')[1:])]
    sys.modules[name] = module
from lkca_mm.datasets.prepare.download import download
download(sys.argv[2], sys.argv[3], checksum=sys.argv[4], backoff=0)
"""


@pytest.mark.skipif(not hasattr(signal, 'SIGKILL'), reason='needs SIGKILL')
def test_killed_process_leaves_nothing_that_passes_for_whole(server, tmp_path):
    server.content, server.pause = CONTENT, 0.01
    path, part = tmp_path / 'f', tmp_path / 'f.part'
    command = [sys.executable, '-c', textwrap.dedent(CHILD)]
    command += [str(Path(lkca_mm.__file__).parent), server.url, str(path), SHA256]
    sizes = [0]
    for _ in range(3):
        child = subprocess.Popen(command, stderr=subprocess.PIPE)
        until = time.monotonic() + 20
        while not part.exists() or part.stat().st_size < sizes[-1] + 5_000:
            assert child.poll() is None, child.stderr.read().decode()
            assert time.monotonic() < until
            time.sleep(0.002)
        os.kill(child.pid, signal.SIGKILL)
        assert child.wait() == -signal.SIGKILL
        child.stderr.close()
        assert not path.exists()
        sizes.append(part.stat().st_size)
        assert part.read_bytes() == CONTENT[: sizes[-1]]
    server.pause = 0
    assert fetch(server, path, checksum=SHA256).read_bytes() == CONTENT
    asked = [request.get('Range') for request in server.requests]
    assert asked == [None] + [f'bytes={size}-' for size in sizes[1:]]
    assert leftovers(tmp_path) == ['f']
