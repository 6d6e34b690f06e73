"""The LKCA operator: tensors in, tensors out, no nn.Module."""

from lkca_mm.ops.cost import choose_backend, multiply_adds
from lkca_mm.ops.dispatch import BACKENDS, lkca, product_dtype
from lkca_mm.ops.folded import FoldedLKCA
from lkca_mm.ops.kernel import fit_kernel
from lkca_mm.ops.modes import is_eager, without_autocast
from lkca_mm.ops.reference import attention_matrix, lkca_reference
from lkca_mm.ops.toeplitz import toeplitz_matrix

__all__ = [
    'BACKENDS',
    'FoldedLKCA',
    'attention_matrix',
    'choose_backend',
    'fit_kernel',
    'is_eager',
    'lkca',
    'lkca_reference',
    'multiply_adds',
    'product_dtype',
    'toeplitz_matrix',
    'without_autocast',
]
