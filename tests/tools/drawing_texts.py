"""The words in a drawing."""

from pathlib import Path
from xml.etree import ElementTree


def texts_of(path: Path) -> set[str]:
    """Returns the lines of text in an SVG file."""
    lines = ElementTree.parse(path).iter('{http://www.w3.org/2000/svg}text')
    return {''.join(line.itertext()).strip() for line in lines}
