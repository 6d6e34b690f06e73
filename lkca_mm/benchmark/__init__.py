"""Timing of the operator and of what it replaces."""

from lkca_mm.benchmark.op import benchmark_op
from lkca_mm.benchmark.timing import interleaved_medians

__all__ = ['benchmark_op', 'interleaved_medians']
