_base_ = [
    '../_base_/models/vit_classifier.py',
    '../_base_/datasets/tiny-imagenet.py',
    '../_base_/schedules/small_100e.py',
    '../_base_/classification_runtime.py',
]
model = dict(
    backbone=dict(arch='vit-4m', img_size={{_base_.img_size}}, patch_size={{_base_.patch_size}}),
    head=dict(in_channels=264, num_classes={{_base_.num_classes}}),
)
