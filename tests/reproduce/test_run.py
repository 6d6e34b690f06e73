"""Places where runs can be: threads and GPUs."""

from lkca_mm.reproduce.run import slots_of


def test_jobs_share_cores_and_take_turns_on_gpus(monkeypatch):
    monkeypatch.setattr('lkca_mm.reproduce.run.cores', lambda: 8)
    assert slots_of(3, []) == [{'OMP_NUM_THREADS': '2'}] * 3
    assert slots_of(16, [])[0] == {'OMP_NUM_THREADS': '1'}
    places = slots_of(4, ['0', '2'])
    assert [place['CUDA_VISIBLE_DEVICES'] for place in places] == ['0', '2', '0', '2']
