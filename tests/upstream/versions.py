"""Prints what is installed where the tests are about to run: the head of their log."""

import platform
from importlib.metadata import PackageNotFoundError, version

PACKAGES = (
    *('torch', 'torchvision', 'mmengine', 'mmcv', 'mmsegmentation', 'mmpretrain'),
    *('numpy', 'opencv-python', 'timm', 'vit-pytorch', 'pytest'),
)


def main() -> None:
    """Prints a line for each package."""
    print(f'python {platform.python_version()}')
    for name in PACKAGES:
        try:
            print(f'{name} {version(name)}')
        except PackageNotFoundError:
            print(f'{name} is not installed')


if __name__ == '__main__':
    main()
