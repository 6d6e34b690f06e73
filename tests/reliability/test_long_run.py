"""What `make reliability` watches over 20,000 iterations, over a few hundred."""

from long_run import long_run


def test_nothing_grows(tmp_path):
    growth = long_run(tmp_path, 200)
    # In a run as short as this the allocator is still settling.
    assert growth.memory_growth(warm_up=100) < 0.05
    assert growth.file_growth(warm_up=100) <= 0
    assert growth.checkpoints == ['iter_190.pth', 'iter_200.pth']
    # The config and the list of hooks at the start weigh more in a short run.
    assert growth.log_bytes < 40_000
