_base_ = [
    '../_base_/models/swin_classifier.py',
    '../_base_/datasets/cifar100.py',
    '../_base_/schedules/small_100e.py',
    '../_base_/classification_runtime.py',
]
model = dict(
    backbone=dict(
        arch=dict(embed_dims=84, depths=[1, 3, 2], num_heads=[3, 6, 12]),
        img_size={{_base_.img_size}},
    ),
    head=dict(in_channels=336, num_classes={{_base_.num_classes}}),
)
