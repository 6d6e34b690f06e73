"""Loading a model for images: its weights, its class names and its test pipeline."""

import copy
from typing import Any

import torch
from mmcv.transforms import LoadAnnotations, LoadImageFromFile
from mmengine.config import Config
from mmengine.registry import DATASETS, TRANSFORMS
from torch import nn

from lkca_mm.config import build_network, is_segmentor, load_config
from lkca_mm.datasets.checks import innermost
from lkca_mm.engine.checkpoint import load_weights, reading_as_data
from lkca_mm.errors import ConfigError


def load_model(
    config: str | Config,
    checkpoint: str | None = None,
    device: str = 'auto',
    trust: bool = False,
    seed: int = 0,
) -> nn.Module:
    """Builds the model of a config and loads its trained weights.

    The model carries what ``mmseg.apis.init_model`` and ``mmpretrain.get_model`` attach, so
    ``mmseg.apis.inference_model``, ``mmseg.apis.show_result_pyplot`` and
    ``mmpretrain.ImageClassificationInferencer`` take it as theirs. Unlike these two functions,
    this one reads a checkpoint as data alone and refuses weights of another model.

    Args:
        config: The config or its file.
        checkpoint: The checkpoint file; None for the weights that training starts from.
        device: A device of PyTorch; ``'auto'`` is the first GPU, else the CPU.
        trust: Whether to load a checkpoint that can run code.
        seed: Seed of the weights where there is no checkpoint.

    Returns:
        The segmentor or classifier in evaluation mode, on the device. ``dataset_meta`` holds
        ``classes`` and ``palette`` (RGB, 0 to 255), one entry a class.

    Raises:
        ConfigError: If the config has no test pipeline, or the class names are not as many as
            the model's classes.
        CheckpointError: If the checkpoint is unreadable or of another model.
    """
    config = config if isinstance(config, Config) else load_config(config)
    if device == 'auto':
        device = 'cuda:0' if torch.cuda.is_available() else 'cpu'
    if checkpoint is None:
        torch.manual_seed(seed)
    model = build_network(config)
    loaded: dict[str, Any] = {}
    if checkpoint is None:
        with reading_as_data(trust):
            model.init_weights()
    else:
        loaded = load_weights(model, checkpoint, trust=trust)

    steps = image_pipeline(config)
    model.cfg = copy.deepcopy(config)  # read by mmseg.apis
    model.cfg.test_pipeline = steps
    if not is_segmentor(model):
        # mmpretrain's inferencer loads the image itself.
        steps = [step for step in steps if not is_step(step, LoadImageFromFile)]
    model._config = copy.deepcopy(config)  # read by mmpretrain.apis
    model._config.test_dataloader = {'dataset': {'pipeline': steps}}
    model.dataset_meta = model._dataset_meta = _dataset_meta(model, config, loaded)
    return model.to(device).eval()


def _test_dataset(config: Config) -> dict[str, Any]:
    """Returns the settings of the test set, or the first of several; {} if there is none."""
    return next(innermost((config.get('test_dataloader') or {}).get('dataset')), {})


def image_pipeline(config: Config) -> list[dict[str, Any]]:
    """Returns the steps of the test pipeline for an image file that has no annotation.

    A data set that holds its images in memory, as CIFAR does, has no step that loads a file.
    Its images are RGB and of one size; files are read as BGR, so they are converted and
    resized to the size that the backbone was built for.

    Raises:
        ConfigError: If the config has no test pipeline.
    """
    steps = _test_dataset(config).get('pipeline') or config.get('test_pipeline')
    if not steps:
        raise ConfigError(f'{config.filename}: has no test_dataloader.dataset.pipeline')
    steps = [dict(step) for step in steps if not is_step(step, LoadAnnotations)]
    if any(is_step(step, LoadImageFromFile) for step in steps):
        return steps
    in_memory: list[dict[str, Any]] = [
        {'type': 'NumpyToPIL', 'to_rgb': True},
        {'type': 'PILToNumpy'},
    ]
    if size := config.model.get('backbone', {}).get('img_size'):
        height, width = (size, size) if isinstance(size, int) else size
        in_memory.append({'type': 'Resize', 'scale': (width, height)})
    return in_memory + steps


def is_step(step: dict[str, Any], kind: type) -> bool:
    """Tells whether a step of a pipeline is a transform of that class or of a subclass."""
    found = step['type']
    if isinstance(found, str):
        with TRANSFORMS.switch_scope_and_registry(None) as registry:
            found = registry.get(found)
    return isinstance(found, type) and issubclass(found, kind)


def _dataset_meta(
    model: nn.Module, config: Config, checkpoint: dict[str, Any]
) -> dict[str, list[Any]]:
    """Returns names and colours: the checkpoint's, else the test set's, else numbers."""
    from mmseg.utils import get_palette

    found = (checkpoint.get('meta') or {}).get('dataset_meta') or {}
    if not found.get('classes'):
        dataset = _test_dataset(config)
        kind = dataset.get('type')
        if isinstance(kind, str):
            with DATASETS.switch_scope_and_registry(None) as registry:
                kind = registry.get(kind)
        own, override = getattr(kind, 'METAINFO', {}), dataset.get('metainfo') or {}
        # The colours of the data set's own classes are not those of others.
        found = override if 'classes' in override else {**own, **override}
    head = model.decode_head if is_segmentor(model) else getattr(model, 'head', None)
    num_classes = getattr(head, 'num_classes', None)
    classes = [str(name) for name in found.get('classes') or ()]
    classes = classes or [f'class {index}' for index in range(num_classes or 0)]
    if num_classes and len(classes) != num_classes:
        raise ConfigError(
            f'the model predicts {num_classes} classes, but {len(classes)} are named in the '
            'checkpoint or the test set of the config; use the config of its training'
        )
    palette = found.get('palette')
    if palette is None or len(palette) < len(classes):
        colours = get_palette('ade20k')
        palette = [colours[index % len(colours)] for index in range(len(classes))]
    return {'classes': classes, 'palette': [list(colour) for colour in palette]}
