"""What training needs beyond mmengine."""

from lkca_mm.engine.bfloat16_optim_wrapper import BFloat16OptimWrapper
from lkca_mm.engine.host_memory_hook import HostMemoryHook
from lkca_mm.engine.interrupt_hook import InterruptHook, TrainingInterrupted
from lkca_mm.engine.multi_pass import MultiPassSampler, MultiPassTrainLoop
from lkca_mm.engine.result_record_hook import ResultRecordHook

__all__ = [
    'BFloat16OptimWrapper',
    'HostMemoryHook',
    'InterruptHook',
    'MultiPassSampler',
    'MultiPassTrainLoop',
    'ResultRecordHook',
    'TrainingInterrupted',
]
