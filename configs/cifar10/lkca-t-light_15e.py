# LKCA-T for a schedule of 15 passes, where the paper's recipe regularises too much: crop and
# flip alone, no mixing, no stochastic depth. The shipped checkpoint is trained with it.
_base_ = './lkca-t_100e.py'
train_pipeline = [
    dict(type='RandomCrop', crop_size=32, padding=4),
    dict(type='RandomFlip', prob=0.5, direction='horizontal'),
    dict(type='Normalize', mean={{_base_.pixel_mean}}, std={{_base_.pixel_std}}, to_rgb=False),
    dict(type='PackInputs'),
]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
model = dict(backbone=dict(drop_path_rate=0.0), train_cfg=None)
train_cfg = dict(max_epochs=15, passes_per_epoch=1)
param_scheduler = [
    dict(
        type='LinearLR',
        start_factor=1e-3,
        by_epoch=True,
        begin=0,
        end=1,
        convert_to_iter_based=True,
    ),
    dict(
        type='CosineAnnealingLR',
        eta_min=1e-6,
        by_epoch=True,
        begin=1,
        end=15,
        convert_to_iter_based=True,
    ),
]
