"""The check at import, against made-up sets of installed packages."""

from importlib.metadata import PackageNotFoundError

import pytest

from lkca_mm import installation
from lkca_mm.errors import InstallationError

FORKS = {
    'onedl-mmengine': '0.10.12',
    'onedl-mmcv': '2.3.6',
    'onedl-mmsegmentation': '1.4.2',
    'onedl-mmpretrain': '1.3.6',
}
UPSTREAM = {'mmengine': '0.10.7', 'mmcv': '2.1.0', 'mmsegmentation': '1.2.2', 'mmpretrain': '1.2.0'}
PAIRS = list(zip(FORKS, UPSTREAM, strict=True))


@pytest.fixture
def check(monkeypatch):
    """Runs the check as if just ``packages`` were installed."""

    def run(packages, on_the_path=None):
        def version(name):
            if name not in packages:
                raise PackageNotFoundError(name)
            return packages[name]

        monkeypatch.setattr(installation, 'version', version)
        monkeypatch.setattr(installation, 'find_spec', lambda name: on_the_path)
        installation.check_installation()

    return run


@pytest.mark.parametrize('packages', [FORKS, UPSTREAM], ids=['forks', 'upstream'])
def test_either_stack_is_fine(check, packages):
    check(packages)
    check({}, on_the_path=object())  # checkouts, which no distribution names


@pytest.mark.parametrize(('fork', 'upstream'), PAIRS)
def test_a_missing_and_a_doubled_package(check, fork, upstream):
    words = rf'is not installed; .*lkca_mm\[openmmlab\].*{upstream}'
    with pytest.raises(InstallationError, match=words):
        check({name: number for name, number in FORKS.items() if name != fork})
    words = rf'more than once .*pip uninstall -y {upstream} {fork} && .* --no-cache-dir {fork}$'
    with pytest.raises(InstallationError, match=words):
        check(FORKS | {upstream: UPSTREAM[upstream]})


def test_full_and_lite_together_and_too_old(check):
    with pytest.raises(InstallationError, match='pip uninstall -y mmcv mmcv-lite'):
        check(UPSTREAM | {'mmcv-lite': '2.1.0'})
    with pytest.raises(InstallationError, match=r'mmsegmentation 0\.30\.0 is too old.*>=1\.2\.0'):
        check(UPSTREAM | {'mmsegmentation': '0.30.0'})
