"""A few of the cases that mutate.py tries by the thousand, and the judge of them."""

import pytest
import torch
from mutations import KINDS, make_case, make_material, try_kind
from mutations.case import CANARY, REFUSED, UNHANDLED, WORKED, Case
from mutations.judge import files_of, judge
from mutations.pictures import png_header
from mutations.sandbox import LOG, run_cases

COUNT = 15


@pytest.fixture(scope='module')
def tasks(tmp_path_factory):
    return make_material(tmp_path_factory.mktemp('mutations') / 'material')


@pytest.mark.parametrize('kind', KINDS)
def test_bad_input_works_or_ends_in_one_line(tmp_path, tasks, kind):
    counts, verdicts = try_kind(kind, range(COUNT), seed=1, tasks=tasks, folder=tmp_path, jobs=2)
    bad = [f'{v.case.what}: {v.reason}' for v in verdicts if v.outcome == UNHANDLED]
    assert not bad
    assert counts[REFUSED] > 0 and counts.total() == COUNT


def test_same_seed_same_case(tmp_path, tasks):
    for kind in KINDS:
        one, two = (make_case(kind, 3, 7, tasks, tmp_path / kind / name) for name in 'ab')
        assert (one.what, one.tool) == (two.what, two.tool)
        other = [make_case(kind, n, 7, tasks, tmp_path / kind / str(n)).what for n in range(4, 8)]
        assert set(other) != {one.what}


PRINTED = {
    'one line': ('error: a.py: model is wrong\n', 1, REFUSED),
    'usage': ('usage: train.py CONFIG\ntrain.py: error: no a.py\n', 2, REFUSED),
    'worked': ('trained\n', 0, WORKED),
    'other name': ('error: b.py: model is wrong\n', 1, UNHANDLED),
    'nothing': ('', 1, UNHANDLED),
    'two lines': ('error: a.py\nerror: a.py\n', 1, UNHANDLED),
    'a screen': (f'error: a.py {"x" * 2000}\n', 1, UNHANDLED),
    'traceback': ('Traceback (most recent call last)\nerror: a.py\n', 1, UNHANDLED),
    'killed': ('error: a.py\n', None, UNHANDLED),
    'signal': ('error: a.py\n', -11, UNHANDLED),
}


def case_in(folder, **more):
    folder.mkdir(exist_ok=True)
    return Case('configs', 0, 'test', 'train', ('a.py',), folder, ('a.py',), **more)


@pytest.mark.parametrize('name', PRINTED)
def test_judge_of_what_is_printed(tmp_path, name):
    printed, code, outcome = PRINTED[name]
    (tmp_path / LOG).write_text(printed)
    assert judge(case_in(tmp_path), code, 1.0, {}).outcome == outcome


@pytest.mark.parametrize('left', ['work/a.pth.part', 'cut.png', 'cut.pth', CANARY, 'there'])
def test_judge_of_what_is_left(tmp_path, left):
    before = files_of(tmp_path)
    (tmp_path / LOG).write_text('error: a.py\n')
    case = case_in(tmp_path, absent=tmp_path / 'there')
    assert judge(case, 1, 1.0, before).outcome == REFUSED
    (tmp_path / left).parent.mkdir(exist_ok=True)
    (tmp_path / left).write_bytes(b'PK half')
    assert judge(case, 1, 1.0, before).outcome == UNHANDLED


def test_sandbox_ends_what_hangs_and_what_takes_all_memory(tmp_path):
    hanging, huge = (case_in(tmp_path / name) for name in ('hanging', 'huge'))
    (hanging.folder / 'a.py').write_text('import time\ntime.sleep(1000)\n')
    (huge.folder / 'a.py').write_text('model = dict(a=len(bytes(1 << 40)))\n')
    ended = {case.folder.name: (case, code) for case, code, _ in run_cases((hanging, huge), 2, 4)}
    assert ended['hanging'][1] is None
    assert judge(*ended['huge'], 1.0, {}).outcome == REFUSED


def test_picture_bombs_are_refused_before_they_are_decoded(tmp_path, tasks):
    """10,000,000,000 pixels in a megabyte, to be shown to both models and trained on."""
    cases, before = [], {}
    for name, task in tasks.items():
        folder = tmp_path / name
        folder.mkdir()
        (folder / 'bomb.png').write_bytes(png_header(100_000, 100_000))
        argv = (str(task.config), str(task.checkpoint), 'bomb.png', '--out', 'out')
        cases.append(Case('pictures', 0, 'bomb', 'predict', argv, folder, ('bomb.png',)))
        before[folder] = files_of(folder)
    for case, code, seconds in run_cases(cases, 2):
        verdict = judge(case, code, seconds, before[case.folder])
        assert (verdict.outcome, 'too many pixels' in verdict.reason) == (REFUSED, True)
        assert not (case.folder / 'out').exists()


def test_material_is_whole(tasks):
    for task in tasks.values():
        assert torch.load(task.checkpoint, weights_only=False)['state_dict']
