"""tools/benchmark.py as a user types it, on sizes, models and data of next to nothing."""

import json
import platform
from contextlib import nullcontext
from pathlib import Path

import pytest
import torch
from mmengine.runner import EpochBasedTrainLoop, Runner
from packaging.version import Version
from torch.utils._python_dispatch import TorchDispatchMode

from lkca_mm.config import load_config
from lkca_mm.engine import CompileHook, ResultRecordHook
from lkca_mm.engine.launch import enable_amp, set_launcher


def measure(run_tool, tmp_path, *argv):
    """Runs the tool; returns its record and what it printed."""
    path = tmp_path / 'results' / 'record.json'
    code, out, err = run_tool('benchmark', *argv, '--out', path)
    assert code == 0, err
    return json.loads(path.read_text()), out


class Count(TorchDispatchMode):
    """Counts the operators that run, or one of them."""

    def __init__(self, counted=None):
        super().__init__()
        self.counted, self.count = counted, 0

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        self.count += self.counted in (None, function)
        return function(*args, **(kwargs or {}))


def test_the_operator_beside_its_rivals_and_bounds(run_tool, tmp_path):
    record, out = measure(run_tool, tmp_path, 'op', '--case', '4,12,2', '--rounds', 3)
    assert 'ms / bound' in out and 'matmul' in out
    assert record['environment']['hardware'].partition(',')[0] not in ('', platform.machine())
    (result,) = record['results']
    assert (result['grid'], result['channels'], result['batch']) == (4, 12, 2)
    times = result['milliseconds']
    assert set(times) == {'auto', 'toeplitz', 'hybrid', 'fft', 'conv', 'mhsa', 'bound'}
    assert all(ms > 0 for ms in times.values())
    for text, name in (('depthwise conv2d', 'conv'), ('mhsa with SDPA', 'mhsa')):
        assert result['times_faster_than'][text] == pytest.approx(times[name] / times['auto'])
    # 16 tokens, 12 channels, 2 images; forward, and backward for tokens and weights.
    work = {
        'bound': (2 * 3 * 2 * 16 * 16 * 12, 3 * 16 * 16 + 5 * 2 * 16 * 12),
        'conv': (2 * 3 * 2 * 7 * 7 * 16 * 12, 3 * 7 * 7 + 5 * 2 * 16 * 12),
        'mhsa': (2 * 3 * 2 * (4 * 16 * 12**2 + 2 * 16 * 16 * 12), 3 * 4 * 12**2 + 5 * 2 * 16 * 12),
    }
    for name, (flops, elements) in work.items():
        compute = flops / (result['matmul_tflops'] * 1e12)
        copy = 4 * elements / (result['copy_gigabytes_per_second'] * 1e9)
        assert result['roofline'][name] == pytest.approx(1e3 * max(compute, copy))


def test_models_side_by_side(run_tool, write_config, write_classifier, tmp_path, monkeypatch):
    monkeypatch.setattr('lkca_mm.benchmark.model.CompileHook', lambda: CompileHook(backend='eager'))
    torch._dynamo.reset()
    before = torch._dynamo.utils.counters['stats']['unique_graphs']
    of_amp = 'optim_wrapper = dict(type="AmpOptimWrapper", loss_scale="dynamic")'
    words = (write_config(), write_classifier(of_amp), '--amp', '--compile', '--rounds', 1)
    record, out = measure(run_tool, tmp_path, 'model', *words)
    # Training alone is compiled: a graph for each of the four compiled cases.
    assert torch._dynamo.utils.counters['stats']['unique_graphs'] == before + 4
    assert 'train_peak_mib' in out
    kinds = [(Path(r['config']).stem, r['precision'], r['mode']) for r in record['results']]
    assert kinds == [
        (name, kind, mode)
        for name in ('tiny', 'classifier')
        for kind in ('fp32', 'bf16')
        for mode in ('eager', 'compile')
    ]
    for result in record['results']:
        assert result['image_size'] == [32, 32]
        assert result['train_images_per_second'] > 0
        assert result['infer_images_per_second'] > 0
        # Weights, two moments and the gradients at least.
        assert result['train_peak_mib'] * 2**20 > 4 * 4 * result['params']


def test_the_loop_beside_the_bare_step(run_tool, write_classifier, tmp_path):
    options = ('--block', 4, '--rounds', 2, '--cfg-options', 'train_dataloader.batch_size=6')
    record, out = measure(run_tool, tmp_path, 'train', write_classifier(), *options)
    assert 'times_bare' in out
    assert record['settings']['cfg_options'] == ['train_dataloader.batch_size=6']
    (result,) = record['results']
    assert result['batch_size'] == 6
    micro = result['microseconds']
    assert result['times_bare'] == micro['loop'] / micro['bare'] > 0
    assert 0 < result['data_share'] == micro['data'] / micro['loop'] < 1


@pytest.mark.parametrize('amp', [False, True])
def test_an_iteration_reads_no_value_from_the_device(write_classifier, tmp_path, monkeypatch, amp):
    """The recipe as it is: on a GPU, the host waits for each tensor that becomes a number."""
    if Version(torch.__version__) < Version('2.4'):
        pytest.skip('the optimizer of PyTorch before 2.4 reads numbers where it is not fused')
    options = {'work_dir': str(tmp_path / 'work'), 'train_cfg.max_epochs': 1}
    options |= {'param_scheduler': [], 'log_level': 'WARNING'}
    config = load_config(write_classifier(), options)
    for part in ('cfg', 'dataloader', 'evaluator'):
        config[f'val_{part}'] = config[f'test_{part}'] = None
    config.default_hooks.checkpoint.save_best = None
    if amp:
        enable_amp(config)
    set_launcher(config, 'none')
    runner = Runner.from_cfg(config)
    runner.register_hook(ResultRecordHook(tmp_path / 'run.json', 'classifier.py'))
    waits, counted = Count(torch.ops.aten._local_scalar_dense.default), []
    run_iter = EpochBasedTrainLoop.run_iter

    def count(loop, index, batch):
        # The first value of a loss makes its history, the last iteration is logged.
        counts = index not in (0, len(loop.dataloader) - 1)
        counted.append(counts)
        with waits if counts else nullcontext():
            run_iter(loop, index, batch)

    monkeypatch.setattr(EpochBasedTrainLoop, 'run_iter', count)
    runner.train()
    assert sum(counted) == 16
    assert waits.count == 0
    losses = runner.message_hub.log_scalars['train/loss']
    assert len(losses.data[0]) == 18
