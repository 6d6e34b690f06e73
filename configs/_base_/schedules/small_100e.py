# The small-image recipe of Tables 1-5. The values that the paper leaves out are those of
# the authors' trainer, which are those of Lee et al., arXiv 2112.13492. The rest of the
# recipe: models/classifier.py (mixup, cutmix, label smoothing, stochastic depth) and
# datasets/*.py (crop, flip, AutoAugment, random erasing).
#
# An epoch of the authors passes three times over the data: on CIFAR-10 1,171 iterations
# of 128, so 117,100 in all. Set to 1 for what is commonly called 100 epochs.
train_cfg = dict(
    type='MultiPassTrainLoop', max_epochs=100, passes_per_epoch=3, val_begin=1, val_interval=1
)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')
optim_wrapper = dict(
    type='OptimWrapper',
    # All parameters in one kernel; under --amp it also spares a wait for the GPU.
    optimizer=dict(type='FusedAdamW', lr=1e-3, betas=(0.9, 0.999), weight_decay=0.05),
)
# Both are stepped every iteration: 10 epochs up from 1e-6, then down to 1e-6.
param_scheduler = [
    dict(
        type='LinearLR',
        start_factor=1e-3,
        by_epoch=True,
        begin=0,
        end=10,
        convert_to_iter_based=True,
    ),
    dict(
        type='CosineAnnealingLR',
        eta_min=1e-6,
        by_epoch=True,
        begin=10,
        end=100,
        convert_to_iter_based=True,
    ),
]
default_hooks = dict(
    # Reads losses when the logger does, not at every iteration; a non-finite one ends training.
    runtime_info=dict(type='DeferredRuntimeInfoHook'),
    timer=dict(type='IterTimerHook'),
    logger=dict(type='LoggerHook', interval=100),
    param_scheduler=dict(type='ParamSchedulerHook'),
    checkpoint=dict(type='CheckpointHook', interval=1, max_keep_ckpts=2, save_best='accuracy/top1'),
    sampler_seed=dict(type='DistSamplerSeedHook'),
    visualization=dict(type='VisualizationHook', enable=False),
)
auto_scale_lr = dict(enable=False, base_batch_size=128)
