"""Models as files that run without this package: ONNX and ``torch.export``."""

from lkca_mm.export.errors import ExportError
from lkca_mm.export.fixed_size import fix_size
from lkca_mm.export.logits import LogitsModel
from lkca_mm.export.onnx_file import write_onnx
from lkca_mm.export.program_file import write_program

__all__ = ['ExportError', 'LogitsModel', 'fix_size', 'write_onnx', 'write_program']
