"""What training needs beyond mmengine."""

from lkca_mm.engine.bfloat16_optim_wrapper import BFloat16OptimWrapper
from lkca_mm.engine.compile_hook import CompileHook
from lkca_mm.engine.deferred_runtime_info_hook import DeferredRuntimeInfoHook
from lkca_mm.engine.history import RunHistory
from lkca_mm.engine.host_memory_hook import HostMemoryHook
from lkca_mm.engine.interrupt_hook import InterruptHook, TrainingInterrupted
from lkca_mm.engine.merged_groups import MergedGroupsConstructor
from lkca_mm.engine.multi_pass import MultiPassSampler, MultiPassTrainLoop
from lkca_mm.engine.result_record_hook import ResultRecordHook

__all__ = [
    'BFloat16OptimWrapper',
    'CompileHook',
    'DeferredRuntimeInfoHook',
    'HostMemoryHook',
    'InterruptHook',
    'MergedGroupsConstructor',
    'MultiPassSampler',
    'MultiPassTrainLoop',
    'ResultRecordHook',
    'RunHistory',
    'TrainingInterrupted',
]
