"""One clear error if the OpenMMLab packages beside this one cannot work."""

from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec

from packaging.version import Version

from lkca_mm.errors import InstallationError

# Import name: upstream's distributions, the maintained fork's, the oldest version of either.
PACKAGES = {
    'mmengine': (('mmengine', 'mmengine-lite', 'onedl-mmengine'), '0.10.3'),
    'mmcv': (('mmcv', 'mmcv-lite', 'onedl-mmcv'), '2.0.0'),
    'mmseg': (('mmsegmentation', 'onedl-mmsegmentation'), '1.2.0'),
    'mmpretrain': (('mmpretrain', 'onedl-mmpretrain'), '1.2.0'),
}


def check_installation() -> None:
    """Looks at what is installed, without importing any of it.

    Raises:
        InstallationError: If a package is missing, older than its minimum, or installed both
            from upstream and as the fork, which overwrite each other's files.
    """
    for module, (distributions, minimum) in PACKAGES.items():
        found = {}
        for name in distributions:
            try:
                found[name] = version(name)
            except PackageNotFoundError:
                continue
        if len(found) > 1:
            names = ' and '.join(f'{name} {number}' for name, number in found.items())
            raise InstallationError(
                f'{module} is installed more than once ({names}) and the copies overwrite each '
                f'other; type: pip uninstall -y {" ".join(found)} && '
                f'pip install --no-cache-dir {list(found)[-1]}'
            )
        # A checkout on the path has no distribution; that it can be found is enough.
        if not found and find_spec(module) is None:
            raise InstallationError(
                f"{module} is not installed; type: pip install --no-cache-dir 'lkca_mm[openmmlab]' "
                f'(or, beside upstream OpenMMLab: pip install {distributions[0]})'
            )
        for name, number in found.items():
            if Version(number) < Version(minimum):
                raise InstallationError(
                    f'{name} {number} is too old; type: '
                    f"pip install --no-cache-dir '{name}>={minimum}'"
                )
