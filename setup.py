"""Packaging of lkca_mm; tool settings are in pyproject.toml."""

from pathlib import Path

from setuptools import find_packages, setup

HERE = Path(__file__).parent


def read_version() -> str:
    """Returns the version without importing the package, which needs torch."""
    namespace: dict[str, str] = {}
    exec((HERE / 'lkca_mm' / 'version.py').read_text(encoding='utf-8'), namespace)
    return namespace['__version__']


def read_requirements(name: str) -> list[str]:
    """Returns the requirement lines of ``requirements/<name>.txt``."""
    lines = (HERE / 'requirements' / f'{name}.txt').read_text(encoding='utf-8').splitlines()
    return [line for line in lines if line and not line.startswith('#')]


setup(
    name='lkca_mm',
    version=read_version(),
    description='Large Kernel Convolutional Attention (LKCA) backbones for OpenMMLab',
    long_description=(HERE / 'README.md').read_text(encoding='utf-8'),
    long_description_content_type='text/markdown',
    packages=find_packages(include=['lkca_mm', 'lkca_mm.*']),
    package_data={'lkca_mm.paper': ['tables.json'], 'lkca_mm.reproduce': ['page.css']},
    python_requires='>=3.10',
    install_requires=read_requirements('runtime'),
    extras_require={
        'openmmlab': read_requirements('mminstall'),
        'rivals': read_requirements('rivals'),
        'tests': read_requirements('tests'),
    },
)
