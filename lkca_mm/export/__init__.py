"""Models as files that run without this package: ONNX and ``torch.export``."""

from lkca_mm.export.files import ExportError, export_model
from lkca_mm.export.fixed_size import fix_size
from lkca_mm.export.logits import LogitsModel, load_for_export

__all__ = ['ExportError', 'LogitsModel', 'export_model', 'fix_size', 'load_for_export']
