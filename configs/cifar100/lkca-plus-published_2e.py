# The published design, which the candidates of lkca-plus-*_2e.py are measured from.
_base_ = [
    '../_base_/models/lkca-plus.py',
    '../_base_/datasets/cifar100.py',
    '../_base_/schedules/small_2e.py',
    '../_base_/classification_runtime.py',
]
model = dict(
    backbone=dict(img_size={{_base_.img_size}}, patch_size={{_base_.patch_size}}),
    head=dict(num_classes={{_base_.num_classes}}),
)
