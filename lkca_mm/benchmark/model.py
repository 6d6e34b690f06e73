"""Training steps and inference of whole models: images a second and peak memory."""

import copy
from itertools import product
from typing import Any

import torch
from mmengine.config import Config
from mmengine.logging import MMLogger
from mmengine.optim import OptimWrapper, build_optim_wrapper
from mmengine.structures import PixelData
from mmpretrain.structures import DataSample
from mmseg.structures import SegDataSample
from torch import Tensor, nn
from torch.nn import functional as F

from lkca_mm.benchmark.timing import interleaved_medians, peak_memory
from lkca_mm.config import build_network, image_size_of
from lkca_mm.engine import CompileHook
from lkca_mm.engine.launch import enable_amp, is_segmentation_config

_PRECISIONS = {  # by the optimizer wrapper of a run
    'OptimWrapper': ('fp32', None),
    'BFloat16OptimWrapper': ('bf16', torch.bfloat16),
    'AmpOptimWrapper': ('fp16', torch.float16),
}


def benchmark_models(
    configs: dict[str, Config],
    batch_size: int,
    device: str = 'cpu',
    amp: tuple[bool, ...] = (False,),
    compiled: tuple[bool, ...] = (False,),
    rounds: int = 5,
) -> list[dict[str, Any]]:
    """Measures models beside each other on random images, round after round.

    A training step is forward, loss, backward and optimizer, without data and runner. Inference
    ends with the logits; as in a run, it is eager with folded kernels in both modes.

    Args:
        configs: Segmentation or classification configs, by name.
        batch_size: Images in a batch.
        device: ``'cpu'`` or a CUDA device.
        amp: Whether to measure fp32 (False), what ``tools/train.py --amp`` runs (True) or both.
        compiled: The same for ``tools/train.py --compile``.
        rounds: Counted rounds, after one that is not counted.

    Returns:
        One dict a config, precision and mode, with the median round's images a second.
        ``train_peak_mib`` is weights, optimizer, batch, and what a step takes on top.
    """
    MMLogger.get_instance('benchmark', log_level='WARNING')  # not of every parameter's options
    points = product(configs.items(), amp, compiled)
    cases = [_Case(*named, batch_size, device, *how) for named, *how in points]
    runs = {f'{i} {run.__name__}': run for i, c in enumerate(cases) for run in (c.train, c.infer)}
    seconds = interleaved_medians(runs, rounds, device)
    return [
        {
            **case.facts,
            'train_images_per_second': batch_size / seconds[f'{i} train'],
            'infer_images_per_second': batch_size / seconds[f'{i} infer'],
            **case.peak(device),
        }
        for i, case in enumerate(cases)
    ]


class _Case:
    """A model for training, in one precision and mode, and a copy of it for inference."""

    def __init__(
        self, name: str, config: Config, batch_size: int, device: str, amp: bool, compiled: bool
    ) -> None:
        torch.manual_seed(0)
        settings = Config(config.to_dict())  # building writes into them
        settings.optim_wrapper.type = 'OptimWrapper'
        for key in ('loss_scale', 'dtype'):  # of a config that has AmpOptimWrapper
            settings.optim_wrapper.pop(key, None)
        if amp:
            enable_amp(settings)
        precision, self.dtype = _PRECISIONS[settings.optim_wrapper.type]
        self.device = torch.device(device).type
        self.model = build_network(settings).to(device).train()
        self.evaluated = copy.deepcopy(self.model).eval()  # for ever, so kernels stay folded
        if compiled:
            CompileHook().compile(self.model)
        self.optim_wrapper = build_optim_wrapper(self.model, settings.optim_wrapper)
        self.batch = _random_batch(config, batch_size, device)
        self.facts = {
            'config': name,
            'precision': precision,
            'mode': 'compile' if compiled else 'eager',
            'batch_size': batch_size,
            'image_size': list(image_size_of(config)),
            'params': sum(p.numel() for p in self.model.parameters()),
        }

    def train(self) -> None:
        training_step(self.model, self.optim_wrapper, self.batch)

    def infer(self) -> None:
        with torch.no_grad(), torch.autocast(self.device, self.dtype, bool(self.dtype)):
            self.evaluated(self.batch['inputs'], mode='tensor')

    def peak(self, device: str) -> dict[str, float]:
        """Returns ``train_peak_mib``; {} of a CUDA graph, whose memory PyTorch does not count."""
        if device != 'cpu' and self.facts['mode'] == 'compile':
            return {}
        moments = (x for s in self.optim_wrapper.optimizer.state.values() for x in s.values())
        held = [self.batch['inputs'], *self.model.parameters(), *self.model.buffers(), *moments]
        held = sum(x.numel() * x.element_size() for x in held if isinstance(x, Tensor))
        return {'train_peak_mib': (held + peak_memory(self.train, device)) / 2**20}


def training_step(model: nn.Module, optim_wrapper: OptimWrapper, batch: dict[str, Any]) -> None:
    """Trains on a batch that has left the data preprocessor, without runner and hooks."""
    with optim_wrapper.optim_context(model):
        losses = model(**batch, mode='loss')
    optim_wrapper.update_params(model.parse_losses(losses)[0])


def _random_batch(config: Config, batch_size: int, device: str) -> dict[str, Any]:
    """Returns ``inputs`` and ``data_samples`` as they leave the data preprocessor."""
    model, size = config.model, image_size_of(config)
    inputs = torch.randn(batch_size, 3, *size, device=device)
    if is_segmentation_config(config):
        meta = {'img_shape': size, 'ori_shape': size}
        heads = model.decode_head  # a list in a cascade
        classes = (heads[-1] if isinstance(heads, list) else heads).num_classes
        labels = torch.randint(classes, (batch_size, 1, *size), device=device)
        samples = [SegDataSample(gt_sem_seg=PixelData(data=x), metainfo=meta) for x in labels]
        return {'inputs': inputs, 'data_samples': samples}
    # A backbone that makes the logits itself has a head without classes.
    classes = model.head.get('num_classes') or model.backbone.num_classes
    labels = torch.randint(classes, (batch_size,), device=device)
    samples = [DataSample().set_gt_label(label[None]) for label in labels]
    if (model.get('train_cfg') or {}).get('augments'):
        # Mixing leaves one-hot vectors, which the loss takes by another path.
        for sample, score in zip(samples, F.one_hot(labels, classes).float(), strict=True):
            sample.set_gt_score(score)
    return {'inputs': inputs, 'data_samples': samples}
