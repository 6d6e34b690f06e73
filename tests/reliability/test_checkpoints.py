"""A checkpoint is whole or it is not resumed from, wherever it was cut or changed."""

import random
import resource
import shutil
from pathlib import Path

import pytest
from runs import differences, read, start, write_segmentation

from lkca_mm.engine.newest_checkpoint import newest_checkpoint
from lkca_mm.engine.weights_only import load_data_only
from lkca_mm.errors import CheckpointError, DamagedCheckpointError


@pytest.fixture
def work(trained, tmp_path):
    """A copy of the work dir, whose file ``last_checkpoint`` still names the original."""
    shutil.copytree(trained[1], tmp_path / 'work')
    (tmp_path / 'work' / 'last_checkpoint').write_text(str(tmp_path / 'work' / 'iter_4.pth'))
    return tmp_path / 'work'


def positions(size, count, seed):
    """The first and last bytes, and others spread at random."""
    edges = [*range(8), *range(size - 120, size)]
    return edges + random.Random(seed).sample(range(8, size - 120), count)


def test_a_cut_checkpoint_is_named_and_skipped(work, capsys):
    newest, before = work / 'iter_4.pth', work / 'iter_2.pth'
    content = newest.read_bytes()
    for position in positions(len(content), 100, seed=0):
        newest.write_bytes(content[:position])
        with pytest.raises(DamagedCheckpointError, match=r'iter_4\.pth: .*(cut short|damaged)'):
            load_data_only(newest)
    for position in (0, 3, len(content) // 2, len(content) - 1):
        newest.write_bytes(content[:position])
        found, checkpoint = newest_checkpoint(work)
        assert found == str(before), position
        assert checkpoint['meta']['iter'] == 2
        printed = capsys.readouterr().err
        assert printed.startswith(f'skipped {newest}: ') and printed.count('\n') == 1
    newest.write_bytes(content)
    assert newest_checkpoint(work)[0] == str(newest)


def test_a_changed_byte_is_found_or_changes_nothing(work):
    newest = work / 'iter_4.pth'
    content, original = newest.read_bytes(), read(newest)['state_dict']
    found = 0
    for position in positions(len(content), 60, seed=1):
        changed = bytearray(content)
        changed[position] ^= 1 << position % 8
        newest.write_bytes(changed)
        try:
            loaded = load_data_only(newest)
        except DamagedCheckpointError as error:
            found += 1
            assert str(newest) in str(error)
        else:  # between the records lie bytes that mean nothing
            assert differences(dict(original), dict(loaded['state_dict'])) == [], position
    assert found > 60


def test_without_a_whole_checkpoint_nothing_is_trained(work):
    for path in work.glob('*.pth'):
        path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(CheckpointError, match='none of its checkpoints is whole'):
        newest_checkpoint(work)


def test_a_moved_work_dir_is_found_by_its_names(trained, work):
    (work / 'last_checkpoint').write_text('/nowhere/work/iter_2.pth')
    assert newest_checkpoint(work)[0] == str(work / 'iter_2.pth')
    (work / 'last_checkpoint').write_text('/nowhere/work/iter_9.pth')
    assert newest_checkpoint(work)[0] == str(work / 'iter_4.pth')  # the youngest


def test_a_full_disk_ends_the_run_and_spoils_nothing(trained, work):
    """The kernel itself refuses to write more than a part of the next checkpoint."""
    config = write_segmentation(trained[0].parent, iterations=400, interval=2)
    before = {path.name: path.read_bytes() for path in work.glob('*.pth')}
    arguments = ('train', config, '--work-dir', work, '--resume')
    limit = len(before['iter_4.pth']) // 2
    run = start(*arguments, log=work.parent / 'full.log')
    resource.prlimit(run.process.pid, resource.RLIMIT_FSIZE, (limit, limit))
    assert run.wait() == 1
    (line,) = [line for line in run.output.splitlines() if line.startswith('error: ')]
    assert 'iter_6.pth' in line and 'cannot be written' in line and '--resume' in line
    assert 'Traceback' not in run.output
    assert Path((work / 'last_checkpoint').read_text()).name == 'iter_4.pth'
    assert all((work / name).read_bytes() == content for name, content in before.items())
    assert not list(work.glob('*.part'))

    (work / 'iter_6.pth.part').write_bytes(b'left by a run that was killed')
    run = start(
        *arguments, '--cfg-options', 'train_cfg.max_iters=6', log=work.parent / 'again.log'
    )  # fmt: skip
    assert run.wait() == 0, run.output[-2000:]
    assert read(work / 'iter_6.pth')['meta']['iter'] == 6
    assert not list(work.glob('*.part'))


def test_one_run_at_a_time_in_a_work_dir(trained, tmp_path):
    """The second is refused; kill -9 of the first frees the dir, though its worker lives on."""
    config = write_segmentation(tmp_path, iterations=100_000, interval=50_000)
    arguments = ('train', config, '--work-dir', tmp_path / 'work')
    first = start(*arguments, log=tmp_path / 'first.log')
    first.wait_for(lambda: 'Iter(train)' in first.output)
    second = start(*arguments, log=tmp_path / 'second.log')
    assert second.wait() == 1
    (line,) = second.output.strip().splitlines()
    assert line.startswith('error: ') and str(tmp_path / 'work') in line
    assert f'process {first.process.pid} on ' in line and '--work-dir' in line
    assert first.kill()
    third = start(*arguments, '--cfg-options', 'train_cfg.max_iters=1', log=tmp_path / 'third.log')
    assert third.wait() == 0, third.output[-2000:]
