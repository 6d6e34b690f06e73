"""What training needs beyond mmengine; configs name it through the registries."""

from lkca_mm.engine.compile_hook import CompileHook
from lkca_mm.engine.hooks import DeferredRuntimeInfoHook, InterruptHook, TrainingInterrupted
from lkca_mm.engine.multi_pass import MultiPassSampler, MultiPassTrainLoop
from lkca_mm.engine.optimizers import BFloat16OptimWrapper, MergedGroupsConstructor, fused_adamw
from lkca_mm.engine.record_hook import ResultRecordHook
from lkca_mm.engine.seeds import IterationSeedHook, NumberedSampler, SeededDataset
from lkca_mm.engine.training_runner import TrainingRunner

__all__ = [
    'BFloat16OptimWrapper',
    'CompileHook',
    'DeferredRuntimeInfoHook',
    'InterruptHook',
    'IterationSeedHook',
    'MergedGroupsConstructor',
    'MultiPassSampler',
    'MultiPassTrainLoop',
    'NumberedSampler',
    'ResultRecordHook',
    'SeededDataset',
    'TrainingInterrupted',
    'TrainingRunner',
    'fused_adamw',
]
