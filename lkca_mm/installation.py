"""One clear error if the OpenMMLab packages beside this one cannot work."""

from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec

from packaging.version import Version

from lkca_mm.errors import InstallationError


@dataclass(frozen=True)
class Package:
    """An import name and the distributions that may provide it.

    Attributes:
        module: The import name.
        upstream: OpenMMLab's own distributions.
        fork: The maintained fork's distribution.
        minimum: The oldest version that works, of either.
    """

    module: str
    upstream: tuple[str, ...]
    fork: str
    minimum: str


PACKAGES = (
    Package('mmengine', ('mmengine', 'mmengine-lite'), 'onedl-mmengine', '0.10.3'),
    Package('mmcv', ('mmcv', 'mmcv-lite'), 'onedl-mmcv', '2.0.0'),
    Package('mmseg', ('mmsegmentation',), 'onedl-mmsegmentation', '1.2.0'),
    Package('mmpretrain', ('mmpretrain',), 'onedl-mmpretrain', '1.2.0'),
)
INSTALL_COMMAND = "pip install --no-cache-dir 'lkca_mm[openmmlab]'"


def _installed(distributions: tuple[str, ...]) -> dict[str, str]:
    """Returns the version of each of ``distributions`` that is installed."""
    found = {}
    for name in distributions:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def check_installation() -> None:
    """Looks at what is installed, without importing any of it.

    Raises:
        InstallationError: If a package is missing, older than its minimum, or
            installed both from upstream and as the fork, which overwrite each
            other's files. The message says what to type.
    """
    for package in PACKAGES:
        found = _installed((*package.upstream, package.fork))
        if len(found) > 1:
            names = ' and '.join(f'{name} {number}' for name, number in found.items())
            keep = package.fork if package.fork in found else next(iter(found))
            raise InstallationError(
                f'{package.module} is installed more than once ({names}) and the copies overwrite '
                f'each other; type: pip uninstall -y {" ".join(found)} && '
                f'pip install --no-cache-dir {keep}'
            )
        if not found:
            # A checkout on the path has no distribution; that it can be found is enough.
            if find_spec(package.module) is None:
                raise InstallationError(
                    f'{package.module} is not installed; type: {INSTALL_COMMAND} '
                    f'(or, beside upstream OpenMMLab: pip install {package.upstream[0]})'
                )
            continue
        name, number = next(iter(found.items()))
        if Version(number) < Version(package.minimum):
            raise InstallationError(
                f'{name} {number} is too old; type: '
                f"pip install --no-cache-dir '{name}>={package.minimum}'"
            )
