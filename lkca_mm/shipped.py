"""The configs and tools that come with the package, in a checkout or installed."""

from pathlib import Path

from lkca_mm.errors import ConfigError, InstallationError, shown

# `lkca_mm::cifar10/lkca-b_100e.py` is that config, wherever the package lies.
PREFIX = 'lkca_mm::'
_PACKAGE = Path(__file__).parent


def shipped_folder(name: str) -> Path:
    """Returns the folder ``configs`` or ``tools``.

    Args:
        name: Which of the two.

    Raises:
        InstallationError: If the package came without it.
    """
    # Where OpenMMLab looks for it; in an editable installation a link to the checkout's.
    installed, checkout = _PACKAGE / '.mim' / name, _PACKAGE.parent
    if installed.is_dir() and not installed.is_symlink():
        return installed
    if (checkout / 'model-index.yml').is_file() and (checkout / name).is_dir():
        return checkout / name
    raise InstallationError(
        f'{_PACKAGE}: came without its {name}; install it anew, from a wheel or a whole checkout'
    )


def find_config(name: str) -> str:
    """Returns the path of a config, which may be named ``lkca_mm::`` and its place in ``configs``.

    Any other path is returned as it is.

    Args:
        name: A path, or as ``'lkca_mm::upernet_lkca-s_ade20k_20k.py'``; the ``.py`` may be
            left out.

    Raises:
        ConfigError: If no such config came with the package.
    """
    if not name.startswith(PREFIX):
        return name
    folder, wanted = shipped_folder('configs'), name.removeprefix(PREFIX)
    path = folder / (wanted if wanted.endswith('.py') else f'{wanted}.py')
    if not path.is_file():
        raise ConfigError(f'{shown(name)}: no such config came with lkca_mm; they are in {folder}')
    return str(path)
