"""Which images to read, and which names their results get."""

from collections import Counter
from pathlib import Path

from lkca_mm.errors import ConfigError, DataError, shown

SUFFIXES = ('.jpg', '.jpeg', '.png', '.bmp', '.webp')


def find_images(path: Path) -> list[Path]:
    """Returns an image file, or the images right inside a folder, sorted by name.

    Raises:
        DataError: If there is no such file or folder, or no image in the folder.
    """
    if path.is_file():
        return [path]
    if not path.is_dir():
        raise DataError(f'{shown(path)}: there is no such image or folder')
    images = sorted(
        file
        for file in path.iterdir()
        if file.suffix.lower() in SUFFIXES and file.is_file() and not file.name.startswith('.')
    )
    if not images:
        raise DataError(f'{shown(path)}: holds no image ({", ".join(SUFFIXES)})')
    return images


def name_results(images: list[Path], endings: tuple[str, ...]) -> list[str]:
    """Chooses a name for the results of each image.

    The name is the image's without its suffix. Where that would give two images
    the same result file, the suffix is kept: ``a_jpg`` and ``a_png``. Names that
    differ in case alone count as the same, as they are for some file systems.

    Args:
        images: Image files.
        endings: What the names of an image's result files end in.

    Returns:
        One name an image, to be followed by an ending.
    """
    stems = Counter(image.stem.casefold() for image in images)
    taken: set[str] = set()
    names = []
    for image in images:
        kept = f'{image.stem}_{image.suffix[1:]}'
        candidates = [image.stem] if stems[image.stem.casefold()] == 1 else []
        candidates += [kept, *(f'{kept}_{number}' for number in range(2, len(images) + 2))]
        for name in candidates:
            files = {f'{name}{ending}'.casefold() for ending in endings}
            if not files & taken:
                break
        taken |= files
        names.append(name)
    return names


def check_targets(images: list[Path], targets: list[Path]) -> None:
    """Makes sure that the results can be written and that none replaces an image.

    Args:
        images: The images.
        targets: Their result files, all in one folder.

    Raises:
        ConfigError: If that cannot be.
    """
    folder = targets[0].parent
    if folder.exists() and not folder.is_dir():
        raise ConfigError(f'{folder}: is a file; name a folder with --out')
    sources = {image.resolve() for image in images}
    for target in targets:
        if target.resolve() in sources:
            raise ConfigError(f'{target}: is one of the images; choose another folder with --out')
