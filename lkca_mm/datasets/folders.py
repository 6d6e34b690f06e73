"""Checks the folders of a segmentation data set before a run starts."""

import inspect
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from mmengine.fileio import join_path
from mmengine.utils import is_abs
from mmseg.datasets import BaseSegDataset
from mmseg.registry import DATASETS

from lkca_mm.datasets.files import innermost, prepare_hint
from lkca_mm.datasets.pairing import Files, check_paired, list_stems
from lkca_mm.errors import DataError

# How tools/prepare_data.py calls a data set, and the folder it makes.
_TOOL_NAMES = {
    'ADE20KDataset': ('ade20k', 'ADEChallengeData2016'),
    'CamVidDataset': ('camvid', 'CamVid'),
}


def check_segmentation_folders(dataset_cfg: Mapping[str, Any]) -> None:
    """Looks for every image and mask that a data set config promises.

    Only names are read, so it takes well under a second for 20,000 pairs.
    Configs without ``data_prefix.img_path``, and those on remote storage, are
    left alone.

    Args:
        dataset_cfg: An mmseg data set config, wrapped (``RepeatDataset``,
            ``ConcatDataset`` and the like) or not.

    Raises:
        DataError: A folder is missing or empty, an image has no mask, or a mask
            has no image.
    """
    for cfg in innermost(dataset_cfg):
        prefix = cfg.get('data_prefix')
        if not isinstance(prefix, Mapping) or not isinstance(prefix.get('img_path'), str):
            continue
        if _is_local(cfg):
            _check(cfg, prefix)


def _is_local(cfg: Mapping[str, Any]) -> bool:
    backend = (cfg.get('backend_args') or {}).get('backend', 'local')
    paths = (cfg.get('data_root') or '', cfg['data_prefix']['img_path'])
    return backend in ('local', 'LocalBackend') and not any('://' in path for path in paths)


def _check(cfg: Mapping[str, Any], prefix: Mapping[str, Any]) -> None:
    image_suffix, mask_suffix = (_suffix(cfg, name) for name in ('img_suffix', 'seg_map_suffix'))
    hint = _hint(cfg)
    images = _files(_resolve(cfg, prefix['img_path']), image_suffix, 'the images', hint)
    masks = None
    if isinstance(prefix.get('seg_map_path'), str):
        masks = _files(_resolve(cfg, prefix['seg_map_path']), mask_suffix, 'the masks', hint)
    if cfg.get('ann_file') and not Path(_resolve(cfg, cfg['ann_file'])).is_dir():
        listed = _listed(Path(_resolve(cfg, cfg['ann_file'])), images)
        images = replace(images, stems=listed)
        if masks is not None:  # other splits may share the folder
            masks = replace(masks, stems=masks.stems & listed)
    if masks is not None:
        check_paired(images, masks)


def _resolve(cfg: Mapping[str, Any], path: str) -> str:
    """Joins a path to the data root as mmengine's data sets do."""
    root = cfg.get('data_root')
    return path if is_abs(path) or not root else join_path(root, path)


def _suffix(cfg: Mapping[str, Any], name: str) -> str:
    """Returns a suffix from the config, or the default of the data set's class."""
    if name in cfg:
        return cfg[name]
    kind = cfg.get('type')
    kind = DATASETS.get(kind) if isinstance(kind, str) else kind
    for owner in (*(inspect.getmro(kind) if inspect.isclass(kind) else ()), BaseSegDataset):
        parameter = inspect.signature(owner.__init__).parameters.get(name)
        if parameter is not None:
            return parameter.default
    raise AssertionError(f'{BaseSegDataset} has no {name}')


def _files(folder: str, suffix: str, content: str, hint: str) -> Files:
    if not Path(folder).is_dir():
        raise DataError(f'{folder} does not exist: expected {content}, {suffix} files{hint}')
    stems = list_stems(folder, suffix)
    if not stems:
        raise DataError(f'{folder} holds no {suffix} files: expected {content}{hint}')
    return Files(folder, suffix, stems)


def _listed(ann_file: Path, images: Files) -> set[str]:
    """Returns the names in a split file, one a line, all of which must be there."""
    if not ann_file.is_file():
        raise DataError(f'{ann_file} does not exist: expected a list of image names (ann_file)')
    lines = ann_file.read_text(encoding='utf-8').splitlines()
    listed = {line.strip() for line in lines} - {''}
    absent = sorted(listed - images.stems)
    if absent:
        raise DataError(
            f'{ann_file} lists {absent[0]}, but there is no {images.name(absent[0])} '
            f'({len(absent)} such names): add the images or correct the list'
        )
    return listed


def _hint(cfg: Mapping[str, Any]) -> str:
    """Returns how to get the data, where the tool of this project can."""
    kind = cfg.get('type')
    kind = kind if isinstance(kind, str) else getattr(kind, '__name__', '')
    root = Path(cfg.get('data_root') or '')
    name, folder = _TOOL_NAMES.get(kind.rpartition('.')[2], (None, None))
    if 'scenes' in root.parts:
        name, folder = 'scenes', 'scenes'
    return '' if name is None else prepare_hint(name, folder, root)
