"""Two processes train as one with the doubled batch; none of them waits for ever for another."""

import re
import time

from distributed import largest_difference, start_ranks, train_alike
from runs import start, write_classification


def test_two_processes_have_the_gradients_and_scores_of_one(tmp_path):
    _, found = train_alike(tmp_path)
    assert largest_difference(found[1][0], found[2][0]) < 1e-5
    assert largest_difference(found[1][1], found[2][1]) < 1e-4
    assert found[1][2] == found[2][2]


def test_a_killed_process_ends_the_others_and_one_can_go_on(tmp_path):
    config = write_classification(tmp_path, 36 * 1000, interval=5)
    arguments = ('train', config, '--work-dir', tmp_path / 'work')
    first, second = start_ranks(2, *arguments, folder=tmp_path)
    first.wait_for(lambda: 'Saving checkpoint at 10 ' in first.output)
    assert second.kill()
    begin = time.monotonic()
    assert first.wait() == 1
    assert time.monotonic() - begin < 60
    (line,) = [line for line in first.output.splitlines() if line.startswith('error: ')]
    assert 'rank 0: lost another process at iteration' in line and '--resume' in line
    assert 'Traceback' not in first.output

    saved = int(re.findall(r'Saving checkpoint at (\d+) ', first.output)[-1])
    options = ('--cfg-options', f'train_cfg.max_epochs={saved // 9 + 1}')
    alone = start(*arguments, '--resume', *options, log=tmp_path / 'alone.log')
    assert alone.wait() == 0, alone.output[-3000:]
    # Nine batches of 8 in each process were an epoch; alone it takes eighteen, and the
    # epoch goes on where it stood: every fifth of the others is logged.
    resumed = re.search(r'resumed epoch: (\d+), iter: (\d+)', alone.output)
    epoch, iteration = int(resumed[1]), int(resumed[2])
    done = 2 * (iteration - 9 * epoch)
    logged = re.findall(rf'Epoch\(train\) +\[{epoch + 1}\]\[ *(\d+)/18\]', alone.output)
    assert [int(batch) for batch in logged] == [n for n in (5, 10, 15) if n > done]
