"""matplotlib figures, drawn without pyplot and written as PNG or SVG."""

from pathlib import Path

from matplotlib import rc_context
from matplotlib.figure import Figure

from lkca_mm.errors import ConfigError
from lkca_mm.files import written_whole


def check_path(path: str | Path) -> None:
    """Raises ConfigError unless the suffix names a format: .png or .svg."""
    if Path(path).suffix.lower() not in ('.png', '.svg'):
        raise ConfigError(f'{path}: must end in .png or .svg')


def new_figure(width: float, height: float) -> Figure:
    """Returns an empty figure of that size in inches, for ``figure.subplots(...)``."""
    return Figure(figsize=(width, height), layout='constrained')


def save_figure(figure: Figure, path: str | Path) -> None:
    """Writes a figure as .png or .svg, whole or not at all; its folder is made."""
    check_path(path)
    # In an SVG text stays text: it can be searched, and is small.
    with rc_context({'svg.fonttype': 'none'}), written_whole(path) as part:
        kind = Path(path).suffix.lower()[1:]
        figure.savefig(part, format=kind, dpi=100, bbox_inches='tight')
