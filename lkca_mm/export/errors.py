"""What an export says when its file would be wrong."""

from lkca_mm.errors import LKCAError


class ExportError(LKCAError):
    """A model cannot be written as such a file, or the file computes something else."""
