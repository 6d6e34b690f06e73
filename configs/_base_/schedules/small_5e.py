# The recipe of small_100e.py cut to five passes over the data, one an epoch: what two CPU
# cores can carry. Warm-up takes the first epoch.
_base_ = './small_100e.py'
train_cfg = dict(max_epochs=5, passes_per_epoch=1)
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
        end=5,
        convert_to_iter_based=True,
    ),
]
