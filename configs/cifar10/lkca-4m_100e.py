_base_ = [
    '../_base_/models/lkca_classifier.py',
    '../_base_/datasets/cifar10.py',
    '../_base_/schedules/small_100e.py',
    '../_base_/classification_runtime.py',
]
model = dict(
    backbone=dict(arch='lkca-4m', img_size={{_base_.img_size}}, patch_size={{_base_.patch_size}}),
    head=dict(in_channels=246, num_classes={{_base_.num_classes}}),
)
