# CIFAR-10 for 15 passes with crop and flip alone. The paper's recipe is made for 300 passes; in
# a schedule this short it regularises away more than it gives. Leaves also switch off mixing
# and stochastic depth, which the models' files set.
_base_ = ['./datasets/cifar10.py', './schedules/small_100e.py', './classification_runtime.py']
train_pipeline = [
    dict(type='RandomCrop', crop_size=32, padding=4),
    dict(type='RandomFlip', prob=0.5, direction='horizontal'),
    dict(type='PackInputs'),
]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
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
