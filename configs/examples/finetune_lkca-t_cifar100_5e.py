# Fine-tunes the shipped LKCA-T of CIFAR-10 on CIFAR-100: all of the trunk, a new head. Another
# checkpoint: --cfg-options model.backbone.init_cfg.checkpoint=FILE
_base_ = [
    '../_base_/models/lkca_classifier.py',
    '../_base_/datasets/cifar100.py',
    '../_base_/schedules/small_5e.py',
    '../_base_/classification_runtime.py',
]
model = dict(
    backbone=dict(
        arch='lkca-t',
        img_size=32,
        patch_size=4,
        embed_std=0.02,
        init_cfg=dict(
            type='Pretrained',
            checkpoint='checkpoints/lkca-t-light_cifar10-1d0f42a9.pth',
            prefix='backbone.',
        ),
        drop_path_rate=0.0,
    ),
    head=dict(in_channels=136, num_classes=100),
    train_cfg=None,
)
# Crop and flip alone: five passes are too few for the paper's augmentation.
train_pipeline = [
    dict(type='RandomCrop', crop_size=32, padding=4),
    dict(type='RandomFlip', prob=0.5, direction='horizontal'),
    dict(type='PackInputs'),
]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
