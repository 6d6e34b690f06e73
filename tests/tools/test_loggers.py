"""`tools/train.py --log-to`: the values that TensorBoard and wandb read are those of the log."""

import importlib
import json
import sys
from types import SimpleNamespace

import pytest
from mmengine.config import Config
from mmengine.registry import VISBACKENDS

from lkca_mm.engine.loggers import log_to
from lkca_mm.errors import ConfigError

pytestmark = pytest.mark.usefixtures('quick_text')


def logged_values(work_dir):
    """What mmengine's own file holds: a value for each name and step."""
    (path,) = work_dir.glob('*/vis_data/scalars.json')
    values = {}
    for line in path.read_text().splitlines():
        entry = json.loads(line)
        step = entry.pop('step')
        values |= {(name, step): value for name, value in entry.items()}
    return values


def events_of(folder):
    """The same from TensorBoard's event file, read by TensorBoard."""
    accumulators = pytest.importorskip('tensorboard.backend.event_processing.event_accumulator')
    events = accumulators.EventAccumulator(str(folder), size_guidance={'scalars': 0})
    events.Reload()
    return {
        (name, event.step): event.value
        for name in events.Tags()['scalars']
        for event in events.Scalars(name)
    }


def test_tensorboard_has_every_value_of_the_log(run_tool, write_config, tmp_path):
    pytest.importorskip('tensorboard')
    code, _, err = run_tool('train', write_config(), '--log-to', 'tensorboard')
    assert code == 0, err
    expected = logged_values(tmp_path / 'work')
    assert {('loss', 1), ('loss', 4), ('lr', 3), ('mIoU', 4), ('mIoU@10', 2)} <= set(expected)
    (file,) = tmp_path.glob('work/*/vis_data/events.out.tfevents.*')
    found = events_of(file.parent)
    # Event files hold 32 bits a value.
    assert found == pytest.approx(expected, rel=1e-6)


def test_no_flag_no_event_file(run_tool, write_config, tmp_path):
    code, _, err = run_tool('train', write_config('train_cfg = dict(max_iters=1)'))
    assert code == 0, err
    assert not list(tmp_path.rglob('*tfevents*'))


def test_wandb_offline_has_the_last_values(run_tool, write_config, tmp_path, monkeypatch):
    pytest.importorskip('wandb')
    monkeypatch.setenv('WANDB_MODE', 'offline')
    monkeypatch.setenv('WANDB_SILENT', 'true')
    code, _, err = run_tool('train', write_config(), '--log-to', 'wandb')
    assert code == 0, err
    (folder,) = tmp_path.glob('work/*/vis_data/wandb/offline-run-*')
    text = b''.join(path.read_bytes() for path in folder.glob('*.wandb'))
    assert text
    values = logged_values(tmp_path / 'work')
    # The file's records hold names and values as JSON texts.
    for key in (('loss', 4), ('mIoU', 4)):
        assert key[0].encode() in text
        assert json.dumps(values[key])[:12].encode() in text


@pytest.mark.parametrize('name', ['tensorboard', 'wandb'])
def test_missing_package_ends_before_the_run(run_tool, write_config, tmp_path, monkeypatch, name):
    """None in sys.modules is how Python marks a module that cannot be imported."""
    for module in [module for module in sys.modules if module.startswith('torch.utils.tensorb')]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, name, None)
    code, _, err = run_tool('train', write_config(), '--log-to', name)
    assert code == 1
    (line,) = [line for line in err.splitlines() if line.startswith('error: ')]
    assert f'--log-to {name}' in line and f'pip install {name}' in line
    assert not (tmp_path / 'work').exists()


def test_unknown_name_lists_the_known(run_tool, write_config):
    code, _, err = run_tool('train', write_config(), '--log-to', 'paper')
    assert code == 2
    assert 'tensorboard' in err and 'wandb' in err


@pytest.mark.parametrize(
    ('visualizer', 'expected'),
    [
        (None, ['Visualizer', 'LocalVisBackend', 'TensorboardVisBackend']),
        (
            dict(type='SegLocalVisualizer', vis_backends=[dict(type='LocalVisBackend')]),
            ['SegLocalVisualizer', 'LocalVisBackend', 'TensorboardVisBackend'],
        ),
        (
            dict(
                type='UniversalVisualizer',
                vis_backends=[dict(type='mmengine.TensorboardVisBackend')],
            ),
            ['UniversalVisualizer', 'mmengine.TensorboardVisBackend'],
        ),
        (dict(type='Visualizer'), ['Visualizer', 'LocalVisBackend', 'TensorboardVisBackend']),
    ],
    ids=['none', 'segmentation', 'there already', 'no backends'],
)
def test_backends_join_those_of_the_config(monkeypatch, visualizer, expected):
    # The packages themselves are not needed for this.
    monkeypatch.setattr(importlib, 'import_module', lambda name: None)
    config = Config(dict(work_dir='work_dirs/a', visualizer=visualizer))
    log_to(config, ['tensorboard', 'tensorboard'])
    found = config.visualizer
    assert [found.type, *(backend.type for backend in found.vis_backends)] == expected


def test_backends_that_are_no_list_are_refused(monkeypatch):
    monkeypatch.setattr(importlib, 'import_module', lambda name: None)
    config = Config(dict(work_dir='a', visualizer=dict(type='Visualizer', vis_backends=3)))
    with pytest.raises(ConfigError, match='vis_backends=3 must be a list'):
        log_to(config, ['wandb'])


def test_wandb_is_sent_the_config_and_no_code(monkeypatch, tmp_path):
    """A stand-in for the package, whose run has no `log_code`, which mmengine's backend calls."""
    calls = []
    fake = SimpleNamespace(
        init=lambda **settings: calls.append(settings),
        config=SimpleNamespace(update=lambda values, **settings: calls.append(values)),
        run=SimpleNamespace(),
    )
    monkeypatch.setitem(sys.modules, 'wandb', fake)
    settings = dict(type='CodelessWandbVisBackend', init_kwargs=dict(name='run'))
    backend = VISBACKENDS.build(dict(settings, save_dir=str(tmp_path)))
    backend.add_config(Config(dict(seed=dict(value=3))))
    assert calls[0] == {'name': 'run', 'dir': str(tmp_path)}
    assert calls[1] == {'seed': {'value': 3}}
