# LKCA-T to be used: 60 passes with AutoAugment beside crop and flip, no mixing; the position
# embedding starts at 0.02.
_base_ = ['../_base_/models/lkca_classifier.py', '../_base_/cifar10_light_15e.py']
model = dict(
    backbone=dict(arch='lkca-t', img_size=32, patch_size=4, drop_path_rate=0.0, embed_std=0.02),
    head=dict(in_channels=136, num_classes=10),
    train_cfg=None,
)
train_pipeline = [
    dict(type='RandomCrop', crop_size=32, padding=4),
    dict(type='RandomFlip', prob=0.5, direction='horizontal'),
    dict(type='NumpyToPIL'),
    dict(type='TorchvisionAutoAugment', policy='cifar10', fill=128),
    dict(type='PILToNumpy'),
    dict(type='PackInputs'),
]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
train_cfg = dict(max_epochs=60)
param_scheduler = [
    dict(
        type='LinearLR',
        start_factor=1e-3,
        by_epoch=True,
        begin=0,
        end=3,
        convert_to_iter_based=True,
    ),
    dict(
        type='CosineAnnealingLR',
        eta_min=1e-6,
        by_epoch=True,
        begin=3,
        end=60,
        convert_to_iter_based=True,
    ),
]
