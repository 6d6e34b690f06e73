"""What goes wrong in the middle of training is named, and left out where a setting says so."""

import os
import signal

import pytest
import torch

from lkca_mm.engine import InterruptHook

pytestmark = pytest.mark.usefixtures('quick_text')

LONGER = 'train_cfg = dict(max_iters=8, val_interval=100)\n'


@pytest.fixture
def at_iteration(monkeypatch):
    """Returns a function that has another called, with the runner, after an iteration."""

    def plan(number, action):
        original = InterruptHook.after_train_iter

        def after_train_iter(self, runner, *args, **kwargs):
            if runner.iter + 1 == number:
                action(runner)
            original(self, runner, *args, **kwargs)

        monkeypatch.setattr(InterruptHook, 'after_train_iter', after_train_iter)

    return plan


@pytest.fixture
def spoil_losses(monkeypatch):
    """Returns a function that replaces the losses of some iterations, the first being 1."""
    from mmseg.models import EncoderDecoder

    def plan(value, *iterations):
        original, count = EncoderDecoder.parse_losses, 0

        def parse_losses(self, losses):
            nonlocal count
            count += 1
            loss, log = original(self, losses)
            if count in iterations:
                loss = loss * value
                log['loss'] = loss
            return loss, log

        monkeypatch.setattr(EncoderDecoder, 'parse_losses', parse_losses)

    return plan


def error_line(code, err):
    assert code == 1
    assert 'Traceback' not in err
    (line,) = [line for line in err.splitlines() if line.startswith('error: ')]
    return line


def state(path):
    return torch.load(path, map_location='cpu', weights_only=False)


def test_a_killed_data_worker_is_named(run_tool, write_config, at_iteration):
    config = write_config(LONGER + "train_dataloader['num_workers'] = 1\n")

    def kill(runner):
        (worker,) = runner.train_loop.dataloader_iterator._iterator._workers
        os.kill(worker.pid, signal.SIGKILL)
        worker.join()

    at_iteration(3, kill)
    line = error_line(*run_tool('train', config)[::2])
    assert 'data worker' in line and 'died at iteration' in line and '--resume' in line


def cut_image(folder):
    path = folder / 'images' / 'training' / 'scene_00001.png'
    path.write_bytes(path.read_bytes()[:100])


@pytest.fixture
def own_scenes(scenes, tmp_path):
    import shutil

    return shutil.copytree(scenes, tmp_path / 'scenes')


@pytest.mark.parametrize(('workers', 'deterministic'), [(1, False), (0, True)])
def test_an_image_that_is_spoilt_during_training(
    run_tool, write_config, at_iteration, own_scenes, tmp_path, workers, deterministic
):
    whole = (own_scenes / 'images' / 'training' / 'scene_00001.png').read_bytes()
    at_iteration(2, lambda runner: cut_image(own_scenes))
    config = write_config(
        LONGER + f"train_dataloader['num_workers'] = {workers}\n", data_root=own_scenes
    )
    command = ['train', config] + ['--deterministic'] * deterministic
    if not deterministic:
        line = error_line(*run_tool(*command)[::2])
        assert 'images/training/scene_00001.png' in line and 'cut off' in line
        (own_scenes / 'images' / 'training' / 'scene_00001.png').write_bytes(whole)

    command += ['--work-dir', tmp_path / 'skip', '--cfg-options', 'on_bad_sample=skip']
    code, out, err = run_tool(*command)
    assert code == 0, err
    notes = (tmp_path / 'skip' / 'skipped_samples.txt').read_text().splitlines()
    assert notes and all('scene_00001.png' in line for line in notes)
    assert f'left out {len(notes)} samples' in out
    assert (tmp_path / 'skip' / 'iter_8.pth').exists()


def test_an_unreadable_data_set_is_not_skipped_for_ever():
    from lkca_mm.datasets import SkippingDataset
    from lkca_mm.errors import DataError

    class Broken(list):
        def __getitem__(self, index):
            raise DataError(f'image {index} cannot be read')

    with pytest.raises(DataError, match='99 samples before it'):
        SkippingDataset(Broken([0] * 4), os.devnull)[2]


def test_a_batch_is_made_at_once_where_that_works(tmp_path):
    from lkca_mm.datasets import SkippingDataset
    from lkca_mm.errors import DataError

    class Numbers(list):
        def __getitems__(self, indices):
            asked.append(list(indices))
            return [self[index] for index in indices]

        def __getitem__(self, index):
            if index == 3:
                raise DataError('number 3 cannot be read')
            return super().__getitem__(index)

    asked = []
    dataset = SkippingDataset(Numbers(range(10, 16)), tmp_path / 'notes.txt')
    assert dataset.__getitems__([0, 5, 1]) == [10, 15, 11]
    assert not (tmp_path / 'notes.txt').exists()
    assert dataset.__getitems__([2, 3, 4]) == [12, 14, 14]
    assert asked == [[0, 5, 1], [2, 3, 4]]
    assert (tmp_path / 'notes.txt').read_text() == 'number 3 cannot be read\n'


@pytest.mark.parametrize(
    ('value', 'interval', 'at'),
    [
        (float('nan'), 1, 3),  # read by the logger at once
        (float('inf'), 50, 3),  # read when the checkpoint of iteration 4 is to be written
        (float('nan'), 50, 1),
    ],
)
def test_a_bad_loss_ends_the_run(
    run_tool, write_config, tmp_path, spoil_losses, value, interval, at
):
    spoil_losses(value, at)
    config = write_config(LONGER + f"default_hooks['logger']['interval'] = {interval}\n")
    line = error_line(*run_tool('train', config)[::2])
    assert f'not finite at iteration {at}:' in line
    work = tmp_path / 'work'
    if at == 1:
        assert 'no checkpoint was written yet' in line and not list(work.glob('*.pth'))
    else:
        assert str(work / 'iter_2.pth') in line
        assert [path.name for path in work.glob('*.pth')] == ['iter_2.pth']
        assert (work / 'last_checkpoint').read_text() == str(work / 'iter_2.pth')


def test_bad_weights_are_never_saved(run_tool, write_config, tmp_path, at_iteration):
    """Their loss comes one iteration later, which may be after the checkpoint."""

    def spoil(runner):
        next(runner.model.parameters()).data.view(-1)[0] = float('nan')

    def spoil_before_saving(runner):
        hook = next(hook for hook in runner.hooks if 'Checkpoint' in type(hook).__name__)
        original = hook.after_train_iter

        def after_train_iter(*args, **kwargs):
            spoil(runner)
            original(*args, **kwargs)

        hook.after_train_iter = after_train_iter

    at_iteration(3, spoil_before_saving)
    line = error_line(*run_tool('train', write_config(LONGER))[::2])
    assert 'is not finite after iteration 4' in line
    assert [path.name for path in (tmp_path / 'work').glob('*.pth')] == ['iter_2.pth']


def test_bad_losses_are_left_out_and_counted(run_tool, write_config, tmp_path, spoil_losses):
    spoil_losses(float('nan'), 1, 4, 5)
    config = write_config(LONGER + "on_bad_loss = 'skip'\n")
    code, out, err = run_tool('train', config)
    assert code == 0, err
    assert 'left out 3 iterations' in out
    assert 'iteration 4: the loss is not finite' in out
    saved = state(tmp_path / 'work' / 'iter_8.pth')
    assert {moment['step'].item() for moment in saved['optimizer']['state'].values()} == {5.0}
    assert all(torch.isfinite(value).all() for value in saved['state_dict'].values())
    losses = saved['message_hub']['log_scalars']['train/loss'].data[0]
    assert len(losses) == 5 and torch.isfinite(torch.tensor(losses)).all()


def test_nothing_but_bad_losses_ends_the_run(run_tool, write_config, spoil_losses):
    spoil_losses(float('nan'), *range(3, 100))
    text = "train_cfg = dict(max_iters=60, val_interval=100)\non_bad_loss = 'skip'\n"
    line = error_line(*run_tool('train', write_config(text))[::2])
    assert 'iteration 22 and the 19 before it' in line


@pytest.mark.parametrize('key', ['on_bad_loss', 'on_bad_sample'])
def test_another_choice_is_refused(run_tool, write_config, key):
    line = error_line(*run_tool('train', write_config(), '--cfg-options', f'{key}=ignore')[::2])
    assert key in line and 'ignore' in line and 'skip' in line
