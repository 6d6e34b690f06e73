# Fine-tunes the shipped LKCA-T of CIFAR-10 on CIFAR-100: all of the trunk, a new head. Another
# checkpoint: --cfg-options model.backbone.init_cfg.checkpoint=FILE
_base_ = '../cifar100/lkca-t_5e.py'
model = dict(
    backbone=dict(
        init_cfg=dict(
            type='Pretrained',
            checkpoint='checkpoints/lkca-t-light_cifar10-2e7e8ac7.pth',
            prefix='backbone.',
        ),
        drop_path_rate=0.0,
    ),
    train_cfg=None,
)
# Crop and flip alone: five passes are too few for the paper's augmentation.
train_pipeline = [
    dict(type='RandomCrop', crop_size=32, padding=4),
    dict(type='RandomFlip', prob=0.5, direction='horizontal'),
    dict(type='Normalize', mean={{_base_.pixel_mean}}, std={{_base_.pixel_std}}, to_rgb=False),
    dict(type='PackInputs'),
]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
