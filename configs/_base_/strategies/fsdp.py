# Several GPUs share one model: its weights, gradients and the optimiser's state (stage 3 of
# ZeRO). 'SHARD_GRAD_OP' keeps whole weights everywhere (stage 2): more memory, less traffic.
strategy = dict(
    type='FSDPStrategy',
    model_wrapper=dict(
        type='MMFullyShardedDataParallel',
        sharding_strategy='FULL_SHARD',
        auto_wrap_policy='wrap_transformer_layers',
    ),
)
