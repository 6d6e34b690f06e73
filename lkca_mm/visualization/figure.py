"""Figures as PNG or SVG files that are either whole or not there."""

import contextlib
import os
from pathlib import Path
from typing import Any

import numpy as np

from lkca_mm.errors import ConfigError, DataError, shown
from lkca_mm.visualization.png import save_png

SUFFIXES = ('.png', '.svg')
_DPI = 100


def check_picture_path(path: str | Path) -> Path:
    """Looks, before any work is done, at the file that a picture is to be written to.

    Args:
        path: The file; its suffix names the format.

    Raises:
        ConfigError: If it is neither a .png nor an .svg file, or is a folder.
    """
    path = Path(path)
    if path.suffix.lower() not in SUFFIXES:
        raise ConfigError(f'{shown(path)}: must end with .png or .svg, which names the format')
    if path.is_dir():
        raise ConfigError(f'{shown(path)}: is a folder; name a file in it')
    return path


def plotter() -> Any:
    """Returns pyplot, set to draw into files: text as text, the same file for the same figures."""
    import matplotlib

    matplotlib.use('Agg')
    matplotlib.rcParams.update(
        {'svg.fonttype': 'none', 'svg.hashsalt': 'lkca_mm', 'font.family': 'DejaVu Sans'}
    )
    from matplotlib import pyplot

    return pyplot


def save_figure(figure: Any, path: str | Path, dpi: int = _DPI) -> None:
    """Writes a figure beside its place, renames it into place and closes it.

    The file holds no date, so that the same figure gives the same bytes.

    Args:
        figure: A matplotlib figure.
        path: The file, .png or .svg; its folders are made.
        dpi: Pixels of a PNG for an inch of the figure.

    Raises:
        ConfigError: If the suffix names no format.
        DataError: If the file cannot be written.
    """
    path = check_picture_path(path)
    kind = path.suffix.lower()[1:]
    part = path.with_name(f'.{path.name}.{os.getpid()}.part')
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        metadata = {'Date': None} if kind == 'svg' else {}
        figure.savefig(part, format=kind, dpi=dpi, bbox_inches='tight', metadata=metadata)
        part.replace(path)
    except OSError as error:
        raise DataError(f'{shown(path)}: cannot be written ({error.strerror or error})') from error
    finally:
        plotter().close(figure)
        with contextlib.suppress(OSError):
            part.unlink()


def save_pixels(picture: np.ndarray, path: str | Path) -> None:
    """Writes a picture that is drawn already; an SVG holds its pixels.

    Args:
        picture: RGB picture of shape (H, W, 3), uint8.
        path: The file, .png or .svg.

    Raises:
        ConfigError: If the suffix names no format.
        DataError: If the file cannot be written.
    """
    path = check_picture_path(path)
    if path.suffix.lower() == '.png':
        save_png(picture, path)
        return
    height, width = picture.shape[:2]
    figure = plotter().figure(figsize=(width / _DPI, height / _DPI), dpi=_DPI)
    axis = figure.add_axes((0, 0, 1, 1))
    axis.imshow(picture, interpolation='none')
    axis.axis('off')
    save_figure(figure, path)
