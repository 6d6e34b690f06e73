_base_ = [
    '../_base_/models/swin_classifier.py',
    '../_base_/datasets/cifar10.py',
    '../_base_/schedules/small_100e.py',
    '../_base_/classification_runtime.py',
]
model = dict(
    backbone=dict(
        arch=dict(embed_dims=64, depths=[1, 2, 1], num_heads=[2, 4, 8]),
        img_size={{_base_.img_size}},
    ),
    head=dict(in_channels=256, num_classes={{_base_.num_classes}}),
)
