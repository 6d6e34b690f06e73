"""What training needs beyond mmengine."""

from lkca_mm.engine.bfloat16_optim_wrapper import BFloat16OptimWrapper
from lkca_mm.engine.host_memory_hook import HostMemoryHook
from lkca_mm.engine.interrupt_hook import InterruptHook, TrainingInterrupted

__all__ = ['BFloat16OptimWrapper', 'HostMemoryHook', 'InterruptHook', 'TrainingInterrupted']
