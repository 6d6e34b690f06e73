"""Checkpoints: nothing in them is run, every changed byte is noticed, the newest is found."""

import io
import os
import shlex

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mmengine.logging import MessageHub
from mmengine.runner import CheckpointLoader

from lkca_mm.engine.checkpoint import (
    fit_weights,
    load_weights,
    newest_checkpoint,
    read_checkpoint,
    reading_as_data,
)
from lkca_mm.errors import CheckpointError, DamagedCheckpointError, UntrustedCheckpointError

needs_safe_globals = pytest.mark.skipif(
    not hasattr(torch.serialization, 'safe_globals'), reason='PyTorch before 2.5 reads by mmengine'
)


class Call:
    """Becomes the call of a function when it is unpickled."""

    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


def make_checkpoint(**more):
    """What mmengine saves of a run: weights, optimizer and a hub with mmengine's histories."""
    torch.manual_seed(0)
    hub = MessageHub('test_checkpoint')
    for value in (3.0, 1.0):
        hub.update_scalar('train/loss', value)
    hub.update_info('best_score', np.float64(0.5))
    hub.update_info('counts', np.arange(3, dtype=np.uint8))
    layer = torch.nn.Linear(2, 2)
    optimizer = torch.optim.AdamW(layer.parameters())
    layer(torch.ones(1, 2)).sum().backward()
    optimizer.step()
    return {
        'meta': {'iter': 1, 'seed': 7},
        'state_dict': layer.state_dict() | {'half': torch.ones(3, dtype=torch.bfloat16)},
        'optimizer': optimizer.state_dict(),
        'message_hub': hub.state_dict(),
        **more,
    }


def as_bytes(checkpoint, zipped=True):
    buffer = io.BytesIO()
    torch.save(checkpoint, buffer, _use_new_zipfile_serialization=zipped)
    return buffer.getvalue()


CONTENT = as_bytes(make_checkpoint())


def same(one, other):
    """Bit for bit, through all that a checkpoint nests."""
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, (list, tuple)):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, (torch.Tensor, np.ndarray)):
        return one.dtype == other.dtype and one.tolist() == other.tolist()
    if hasattr(one, 'data'):  # a history
        return same(one.data, other.data)
    return one == other


@needs_safe_globals
@pytest.mark.parametrize('zipped', [True, False])
def test_a_checkpoint_of_mmengine_reads(tmp_path, zipped):
    path = tmp_path / 'whole.pth'
    path.write_bytes(as_bytes(make_checkpoint(), zipped))
    loaded = read_checkpoint(path)
    assert same(loaded, make_checkpoint())
    assert loaded['message_hub']['log_scalars']['train/loss'].mean() == 2
    assert loaded['message_hub']['runtime_info']['counts'].tolist() == [0, 1, 2]


def mutations():
    """Where a stretch of the bytes begins, how long it is, and what stands there instead."""
    size = len(CONTENT)
    position = st.integers(0, size - 1) | st.integers(size - 200, size - 1)
    return st.tuples(position, st.integers(0, 64) | st.just(size), st.binary(max_size=64))


@needs_safe_globals
@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(mutations(), min_size=1, max_size=3))
def test_a_damaged_file_is_named_or_loads_what_was_saved(tmp_path, changes):
    content = CONTENT
    for at, length, instead in changes:
        content = content[:at] + instead + content[at + length :]
    path = tmp_path / 'damaged.pth'
    path.write_bytes(content)
    try:
        loaded = read_checkpoint(path)
    except CheckpointError as error:
        assert str(path) in str(error) and '\n' not in str(error)
    else:  # some bytes between the records mean nothing
        assert same(loaded, make_checkpoint())
    assert [entry.name for entry in tmp_path.iterdir()] == ['damaged.pth']


@needs_safe_globals
@pytest.mark.parametrize('zipped', [True, False])
@pytest.mark.parametrize('where', ['state_dict', 'meta', 'message_hub', 'extra'])
@pytest.mark.parametrize('name', ['system', 'eval', 'exec', 'getattr', 'torch.load', 'open'])
def test_nothing_that_a_file_holds_is_run(tmp_path, zipped, where, name):
    mark = tmp_path / 'mark'
    call = {
        'system': Call(os.system, f'touch {shlex.quote(str(mark))}'),
        'eval': Call(eval, f'open({str(mark)!r}, "w")'),
        'exec': Call(exec, f'open({str(mark)!r}, "w")'),
        'getattr': Call(getattr, torch.Tensor, 'tofile'),
        'torch.load': Call(torch.load, str(mark)),
        'open': Call(open, str(mark), 'w'),
    }[name]
    path = tmp_path / 'evil.pth'
    path.write_bytes(as_bytes(make_checkpoint(**{where: {'a': call}}), zipped))
    with pytest.raises(UntrustedCheckpointError, match=r'evil\.pth: holds .*--trust-checkpoint'):
        read_checkpoint(path)
    with reading_as_data(), pytest.raises(UntrustedCheckpointError):
        CheckpointLoader.load_checkpoint(str(path), 'cpu')
    assert not mark.exists()
    if name == 'system':  # the file is one that works
        read_checkpoint(path, trust=True)
        assert mark.exists()


def test_mmengine_gets_its_loader_back(tmp_path):
    torch.save({'a': 1}, tmp_path / 'a.pth')
    with pytest.raises(ZeroDivisionError), reading_as_data():
        assert CheckpointLoader.load_checkpoint(str(tmp_path / 'a.pth'), 'cpu') == {'a': 1}
        raise ZeroDivisionError
    with pytest.raises(FileNotFoundError):  # mmengine's words
        CheckpointLoader.load_checkpoint(str(tmp_path / 'none.pth'), 'cpu')


def test_files_that_are_no_checkpoint(tmp_path):
    with pytest.raises(CheckpointError, match=r'none\.pth: there is no such'):
        read_checkpoint(tmp_path / 'none.pth')
    (tmp_path / 'text.pth').write_text('hello')
    with pytest.raises(DamagedCheckpointError, match=r'text\.pth'):
        read_checkpoint(tmp_path / 'text.pth')
    torch.save([1], tmp_path / 'list.pth')
    with pytest.raises(CheckpointError, match='holds a list'):
        read_checkpoint(tmp_path / 'list.pth')


def test_a_config_within_a_checkpoint_is_dropped(tmp_path):
    """mmengine executes `meta.config`, plain text to the unpickler, when it resumes."""
    torch.save({'meta': {'config': 'print(1)', 'iter': 3}}, tmp_path / 'a.pth')
    assert read_checkpoint(tmp_path / 'a.pth')['meta'] == {'iter': 3}


def test_weights_of_another_model_are_refused_by_name(tmp_path):
    path = tmp_path / 'a.pth'
    torch.save(
        {'state_dict': {'module.weight': torch.ones(2, 3), 'module.bias': torch.ones(2)}}, path
    )
    layer = torch.nn.Linear(3, 2)
    load_weights(layer, path)
    assert layer.weight.eq(1).all()
    for other, words in [
        (torch.nn.Linear(4, 2), 'size mismatch for weight'),
        (torch.nn.Linear(3, 2, bias=False), 'Unexpected key.*"bias"'),
        (torch.nn.BatchNorm1d(2), 'Missing key.*"running_mean", "running_var"'),
    ]:
        with pytest.raises(CheckpointError, match=rf'a\.pth: is a checkpoint of another.*{words}'):
            fit_weights(other, read_checkpoint(path), path)


# --- the work dir -------------------------------------------------------------------


@pytest.fixture
def work(tmp_path):
    """A work dir with checkpoints of iterations 2 and 4, the newest named by its old place."""
    for iteration in (2, 4):
        path = tmp_path / f'iter_{iteration}.pth'
        path.write_bytes(as_bytes(make_checkpoint(meta={'iter': iteration})))
        os.utime(path, (iteration, iteration))
    torch.save({'state_dict': {}}, tmp_path / 'best_mIoU_iter_4.pth')
    (tmp_path / 'last_checkpoint').write_text('/moved/from/iter_4.pth')
    return tmp_path


def found(work):
    path, checkpoint = newest_checkpoint(work)
    assert path == str(work / f'iter_{checkpoint["meta"]["iter"]}.pth')
    return checkpoint['meta']['iter']


def test_the_newest_whole_checkpoint_is_found(work, capsys):
    assert found(work) == 4
    (work / 'last_checkpoint').write_text(str(work / 'iter_2.pth'))
    assert found(work) == 2
    for text in ('', '/gone/iter_9.pth'):  # killed before it was written; removed
        (work / 'last_checkpoint').write_text(text)
        assert found(work) == 4
    (work / 'iter_4.pth').write_bytes(CONTENT[:-100])
    assert capsys.readouterr().err == ''
    assert found(work) == 2
    assert capsys.readouterr().err.startswith(f'skipped {work / "iter_4.pth"}: ')
    (work / 'iter_2.pth').write_bytes(b'')
    with pytest.raises(CheckpointError, match='none of its checkpoints is whole'):
        newest_checkpoint(work)
    assert newest_checkpoint(work / 'other') is None
    torch.save({'state_dict': {}}, work / 'iter_2.pth')  # CheckpointHook(save_optimizer=False)
    with pytest.raises(CheckpointError, match="has the optimizer's state"):
        newest_checkpoint(work)
    elsewhere = work / 'scratch' / 'iter_9.pth'  # of CheckpointHook(out_dir=...)
    elsewhere.parent.mkdir()
    elsewhere.write_bytes(CONTENT)
    (work / 'last_checkpoint').write_text(str(elsewhere))
    assert newest_checkpoint(work)[0] == str(elsewhere)
