"""mmengine reads ``lkca_mm::NAME`` wherever it reads the path of a config."""

from functools import wraps
from pathlib import Path
from typing import Any

from mmengine.config import Config
from mmengine.config.utils import MODULE2PACKAGE

from lkca_mm.shipped import PREFIX, find_config


def name_configs() -> None:
    """Has mmengine find the configs of this package, as it finds those of OpenMMLab's own.

    mmengine takes such names in ``_base_`` and ``get_config`` alone, from a list of its
    own packages, and only of configs in a folder. After this, ``Config.fromfile`` takes
    them too, and all three those of this package.
    """
    if 'lkca_mm' in MODULE2PACKAGE:
        return
    MODULE2PACKAGE['lkca_mm'] = 'lkca_mm'
    read, find_base = Config.fromfile, Config._get_cfg_path

    @wraps(read)
    def fromfile(filename: str | Path, *args: Any, **kwargs: Any) -> Config:
        return read(find_config(str(filename)), *args, **kwargs)

    @wraps(find_base)
    def base_path(cfg_path: str, filename: str) -> tuple[str, str | None]:
        if cfg_path.startswith(PREFIX):
            # No scope: our models are built in mmseg's or mmpretrain's, as their configs say.
            return find_config(cfg_path), None
        return find_base(cfg_path, filename)

    Config.fromfile, Config._get_cfg_path = staticmethod(fromfile), staticmethod(base_path)
