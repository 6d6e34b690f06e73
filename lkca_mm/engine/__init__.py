"""What training needs beyond mmengine."""

from lkca_mm.engine.bad_loss_hooks import SkipBadLossHook, StopOnBadLossHook
from lkca_mm.engine.bfloat16_optim_wrapper import BFloat16OptimWrapper
from lkca_mm.engine.compile_hook import CompileHook
from lkca_mm.engine.deferred_runtime_info_hook import DeferredRuntimeInfoHook
from lkca_mm.engine.durable_checkpoint_hook import DurableCheckpointHook
from lkca_mm.engine.history import RunHistory
from lkca_mm.engine.host_memory_hook import HostMemoryHook
from lkca_mm.engine.interrupt_hook import InterruptHook, TrainingInterrupted
from lkca_mm.engine.merged_groups import MergedGroupsConstructor
from lkca_mm.engine.multi_pass import MultiPassSampler, MultiPassTrainLoop
from lkca_mm.engine.positions import PositionedSampler
from lkca_mm.engine.record_hook import ResultRecordHook
from lkca_mm.engine.resumable_epochs import ResumableEpochLoop
from lkca_mm.engine.resumable_fsdp_strategy import ResumableFSDPStrategy
from lkca_mm.engine.seeds import IterationSeedHook, SeededDataset
from lkca_mm.engine.sharded_training_runner import ShardedTrainingRunner
from lkca_mm.engine.sharding import wrap_transformer_layers
from lkca_mm.engine.training_runner import TrainingRunner
from lkca_mm.engine.unfused_adamw import UnfusedAdamW

__all__ = [
    'BFloat16OptimWrapper',
    'CompileHook',
    'DeferredRuntimeInfoHook',
    'DurableCheckpointHook',
    'HostMemoryHook',
    'InterruptHook',
    'IterationSeedHook',
    'MergedGroupsConstructor',
    'MultiPassSampler',
    'MultiPassTrainLoop',
    'PositionedSampler',
    'ResultRecordHook',
    'ResumableEpochLoop',
    'ResumableFSDPStrategy',
    'RunHistory',
    'SeededDataset',
    'ShardedTrainingRunner',
    'SkipBadLossHook',
    'StopOnBadLossHook',
    'TrainingInterrupted',
    'TrainingRunner',
    'UnfusedAdamW',
    'wrap_transformer_layers',
]
