"""What mmengine loads by itself goes through our reader."""

from pathlib import Path
from typing import Any

from mmengine.runner import CheckpointLoader

from lkca_mm.engine.weights_only import load_data_only
from lkca_mm.errors import CheckpointError, UntrustedCheckpointError, shown

# Every scheme of mmengine that fetches a file and unpickles it.
_REMOTE = (
    *('http://', 'https://', 'modelzoo://', 'torchvision://', 'open-mmlab://', 'openmmlab://'),
    *('mmcls://', 'pavi://', r'(\S+\:)?s3://', r'(\S+\:)?petrel://'),
)


def guard_loading(trust: bool = False) -> None:
    """Has mmengine's loader read files as data alone, for the rest of the process.

    Without it, mmengine falls back to running what a file that is not data holds.
    It loads so for ``load_from``, ``resume`` and ``init_cfg=dict(type='Pretrained')``.

    Args:
        trust: Whether files that can run code, and files from elsewhere, will do.
    """

    def load_from_local(filename: str, map_location: Any = None) -> dict[str, Any]:
        path = Path(filename).expanduser()
        if not path.is_file():
            raise CheckpointError(f'{shown(filename)}: there is no such checkpoint file')
        return load_data_only(path, map_location, trust)

    def load_from_elsewhere(filename: str, map_location: Any = None) -> dict[str, Any]:
        raise UntrustedCheckpointError(
            f'{filename}: only files on this machine are loaded without the power to run code; '
            'download it and name the file, or add --trust-checkpoint'
        )

    CheckpointLoader.register_scheme('', load_from_local, force=True)
    if not trust:
        CheckpointLoader.register_scheme(_REMOTE, load_from_elsewhere, force=True)
