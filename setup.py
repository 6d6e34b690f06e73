"""Packaging of lkca_mm; tool settings are in pyproject.toml."""

import os
import shutil
from pathlib import Path

from setuptools import find_packages, setup
from setuptools.command.build_py import build_py

HERE = Path(__file__).parent
# What OpenMMLab's tools look for in the folder `.mim` of a package.
SHIPPED = ('configs', 'tools', 'model-index.yml')
# Each is a file in requirements/.
EXTRAS = ('detection', 'export', 'rivals', 'tests', 'timm', 'visualization')


def read_version() -> str:
    """Returns the version without importing the package, which needs torch."""
    namespace: dict[str, str] = {}
    exec((HERE / 'lkca_mm' / 'version.py').read_text(encoding='utf-8'), namespace)
    return namespace['__version__']


def read_requirements(name: str) -> list[str]:
    """Returns the requirement lines of ``requirements/<name>.txt``."""
    lines = (HERE / 'requirements' / f'{name}.txt').read_text(encoding='utf-8').splitlines()
    return [line for line in lines if line and not line.startswith('#')]


class BuildWithConfigs(build_py):
    """Adds configs, tools and the model index to the package, as ``lkca_mm/.mim``."""

    def run(self) -> None:
        """Copies them into a wheel; an editable installation gets links to the checkout's."""
        super().run()
        editable = getattr(self, 'editable_mode', False)
        folder = (HERE if editable else Path(self.build_lib)) / 'lkca_mm' / '.mim'
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        for name in SHIPPED:
            if editable:
                self._link(folder / name)
            elif (HERE / name).is_dir():
                shutil.copytree(
                    HERE / name, folder / name, ignore=shutil.ignore_patterns('__pycache__')
                )
            else:
                shutil.copy2(HERE / name, folder / name)

    def _link(self, path: Path) -> None:
        try:
            path.symlink_to(os.path.relpath(HERE / path.name, path.parent))
        except OSError as error:
            # Windows asks for a permission. `lkca_mm::` finds the checkout without them.
            self.warn(f'{path}: no link could be made ({error}); `mim` will not find lkca_mm')


setup(
    name='lkca_mm',
    version=read_version(),
    description='Large Kernel Convolutional Attention (LKCA) backbones for OpenMMLab',
    long_description=(HERE / 'README.md').read_text(encoding='utf-8'),
    long_description_content_type='text/markdown',
    author='LKCA-MM contributors',
    license='Apache-2.0',
    license_files=['LICENSE'],
    keywords='computer vision, image classification, semantic segmentation, large kernels',
    classifiers=[
        'Development Status :: 4 - Beta',
        'Intended Audience :: Science/Research',
        'Operating System :: OS Independent',
        'Programming Language :: Python :: 3',
        'Programming Language :: Python :: 3.10',
        'Programming Language :: Python :: 3.11',
        'Programming Language :: Python :: 3.12',
        'Programming Language :: Python :: 3.13',
        'Topic :: Scientific/Engineering :: Artificial Intelligence',
    ],
    packages=find_packages(include=['lkca_mm', 'lkca_mm.*']),
    package_data={'lkca_mm.paper': ['tables.json', 'page.html']},
    cmdclass={'build_py': BuildWithConfigs},
    python_requires='>=3.10',
    install_requires=read_requirements('runtime'),
    extras_require={
        'openmmlab': read_requirements('mminstall'),
        **{extra: read_requirements(extra) for extra in EXTRAS},
    },
)
