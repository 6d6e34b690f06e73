"""The check at import, against made-up sets of installed packages."""

from importlib.metadata import PackageNotFoundError

import pytest

from lkca_mm import installation
from lkca_mm.errors import InstallationError

UPSTREAM = dict(mmengine='0.10.7', mmcv='2.1.0', mmsegmentation='1.2.2', mmpretrain='1.2.0')
FORKS = dict(
    zip((f'onedl-{n}' for n in UPSTREAM), ('0.10.12', '2.3.6', '1.4.2', '1.3.6'), strict=True)
)


@pytest.fixture
def check(monkeypatch):
    """Runs the check as if just ``packages`` were installed."""

    def run(packages):
        def version(name):
            if name not in packages:
                raise PackageNotFoundError(name)
            return packages[name]

        monkeypatch.setattr(installation, 'version', version)
        monkeypatch.setattr(installation, 'find_spec', lambda name: None)
        installation.check_installation()

    return run


@pytest.mark.parametrize('packages', [FORKS, UPSTREAM], ids=['forks', 'upstream'])
def test_either_stack_is_accepted(check, packages):
    check(packages)


@pytest.mark.parametrize('missing', FORKS)
def test_missing_package_is_named(check, missing):
    with pytest.raises(InstallationError) as caught:
        check({name: number for name, number in FORKS.items() if name != missing})
    message = str(caught.value)
    assert '\n' not in message
    name = missing.removeprefix('onedl-')
    assert all(words in message for words in ('is not installed', 'lkca_mm[openmmlab]', name))


@pytest.mark.parametrize('fork', FORKS)
def test_fork_beside_upstream_is_refused(check, fork):
    upstream = fork.removeprefix('onedl-')
    with pytest.raises(InstallationError) as caught:
        check(FORKS | {upstream: UPSTREAM[upstream]})
    message = str(caught.value)
    assert 'installed more than once' in message
    assert f'pip uninstall -y {upstream} {fork}' in message
    assert message.endswith(f'pip install --no-cache-dir {fork}')


def test_mmcv_beside_mmcv_lite_is_refused(check):
    with pytest.raises(InstallationError, match='pip uninstall -y mmcv mmcv-lite'):
        check(UPSTREAM | {'mmcv-lite': '2.1.0'})


def test_version_that_is_too_old_is_refused(check):
    with pytest.raises(InstallationError, match=r'mmsegmentation 0\.30\.0 is too old.*>=1\.2\.0'):
        check(UPSTREAM | {'mmsegmentation': '0.30.0'})


def test_a_checkout_on_the_path_is_accepted(check, monkeypatch):
    packages = {name: number for name, number in UPSTREAM.items() if name != 'mmsegmentation'}
    with pytest.raises(InstallationError):
        check(packages)
    monkeypatch.setattr(installation, 'find_spec', lambda name: object())
    installation.check_installation()
